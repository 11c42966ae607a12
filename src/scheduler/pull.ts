import type { NodeId } from "../core/node.ts";
import { assignFrame } from "./attempts.ts";
import type { Draft } from "./draft.ts";
import { expectedFrameMs, expectedRestMs, mayTake } from "./queries.ts";
import type { Slot } from "./state.ts";
import { shareTheTail } from "./tail.ts";

/** A slot that could take an attempt, with how soon it is expected to be through with one. */
export interface Place {
  readonly node: NodeId;
  readonly slot: Slot;
  readonly expectedMs: number;
}

/**
 * Gives frames to whoever can take them: idle slots first, then one frame ahead to each busy slot, so that none waits on
 * the network between two frames. Slots that find nothing in the queue help the others finish.
 */
export function giveWork(draft: Draft): void {
  if (draft.isDraining || draft.at < draft.handsOutFrom) return;
  const idle: Place[] = [];
  for (const place of places(draft, isIdle, timeOfOneFrame)) {
    if (!assignNext(draft, place)) idle.push(place);
  }
  if (draft.frames.counts.queued > 0) {
    // Near the end the frames that are left belong where they will start first.
    for (const place of places(draft, hasRoomBehind, restOfRunning)) assignNext(draft, place);
  }
  if (idle.length > 0) shareTheTail(draft, idle);
}

function assignNext(draft: Draft, { node, slot }: Place): boolean {
  if (draft.frames.counts.queued === 0 || draft.isDraining) return false;
  const record = draft.frames.firstQueued((candidate) => mayTake(draft, candidate, node, draft.at));
  if (record) assignFrame(draft, record.frame, node, slot.slot);
  return record !== undefined;
}

/** The ready slots of nodes that may work and pass the test, soonest first. */
function places(
  draft: Draft,
  passes: (draft: Draft, slot: Slot) => boolean,
  expectedMs: (draft: Draft, node: NodeId, slot: Slot) => number | null,
): Place[] {
  const found: Place[] = [];
  for (const { node, isJoined, barredAt, slots } of draft.nodes.values()) {
    if (!isJoined || barredAt !== null) continue;
    for (const slot of slots.values()) {
      if (!slot.isReady || !passes(draft, slot)) continue;
      found.push({ node, slot, expectedMs: expectedMs(draft, node, slot) ?? 0 });
    }
  }
  return found.sort((one, other) => one.expectedMs - other.expectedMs);
}

function isIdle(_draft: Draft, slot: Slot): boolean {
  return slot.running === null && slot.assigned === null;
}

/** A slot whose running attempt is being cancelled is about to end: what waited there would be lost with it. */
function hasRoomBehind(draft: Draft, slot: Slot): boolean {
  if (slot.running === null || slot.assigned !== null) return false;
  return draft.attempts.get(slot.running)?.recall === "none";
}

function timeOfOneFrame(draft: Draft, node: NodeId): number | null {
  return expectedFrameMs(draft, node);
}

function restOfRunning(draft: Draft, _node: NodeId, slot: Slot): number | null {
  const running = slot.running === null ? undefined : draft.attempts.get(slot.running);
  return running ? expectedRestMs(draft, running, draft.at) : null;
}
