import type { NodeId, SlotId } from "../core/node.ts";
import type { Draft } from "./state/draft.ts";
import { idleSlotsOf } from "./state/filing.ts";
import type { NodeRecord } from "./state/state.ts";

/** A slot that could take an attempt, and how long it is expected to need for one. */
export interface IdleSlot {
  readonly node: NodeId;
  readonly slot: SlotId;
  readonly expectedMs: number;
}

/** The idle slots at this moment, the fastest first. Nodes without a frame time of their own get the job's. */
export function* idleSlots({ frameMs, indices, nodes }: Draft): Generator<IdleSlot, undefined> {
  const unprovenMs = frameMs.median ?? 0;
  const unproven = indices.unproven.values();
  let next = unproven.next();
  for (const [expectedMs, id] of indices.idle.values()) {
    for (; !next.done && unprovenMs < expectedMs; next = unproven.next())
      yield* slotsOf(nodes.get(next.value), unprovenMs);
    yield* slotsOf(nodes.get(id), expectedMs);
  }
  for (; !next.done; next = unproven.next()) yield* slotsOf(nodes.get(next.value), unprovenMs);
}

/** Rendering slots without a waiting attempt: first those that are due next, then those that are late. */
export function* slotsToQueueBehind({ at, attempts, indices: { alone } }: Draft): Generator<IdleSlot, undefined> {
  for (const keys of [alone.from(at), alone.before(at)]) {
    for (const [dueAt, number] of keys) {
      const attempt = attempts.get(number);
      if (attempt?.slot == null) continue;
      yield { node: attempt.node, slot: attempt.slot, expectedMs: Math.max(0, dueAt - at) };
    }
  }
}

function* slotsOf(node: NodeRecord | undefined, expectedMs: number): Generator<IdleSlot, undefined> {
  if (node) for (const slot of idleSlotsOf(node)) yield { node: node.node, slot, expectedMs };
}
