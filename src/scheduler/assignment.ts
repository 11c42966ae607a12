import type { NodeId } from "../core/node.ts";
import { assignFrame } from "./attempts.ts";
import { type IdleSlot, idleSlots, slotsToQueueBehind } from "./idle-slots.ts";
import { stealOrSpeculate } from "./speculation.ts";
import type { Draft } from "./state/draft.ts";
import { mayTake } from "./state/queries.ts";

/**
 * Gives frames to whoever can take them: idle slots first, then one frame ahead to each busy slot, so that none waits on
 * the network between two frames. Slots that find nothing in the queue help the others finish.
 */
export function giveWork(draft: Draft, isTick: boolean): void {
  if (draft.isDraining || draft.at < draft.handsOutFrom) return;
  handOut(draft, idleSlots(draft));
  handOut(draft, slotsToQueueBehind(draft));
  stealOrSpeculate(draft, idleSlots(draft), isTick);
}

function handOut(draft: Draft, slots: Iterable<IdleSlot>): void {
  if (draft.frames.counts.queued === 0) return;
  /** Nodes that had their chance at every frame they were offered: none of their slots may take one either. */
  const spent = new Set<NodeId>();
  for (const { node, slot } of slots) {
    if (draft.frames.counts.queued === 0 || draft.isDraining) return;
    if (spent.has(node)) continue;
    const record = draft.frames.firstQueued((candidate) => mayTake(draft, candidate, node, draft.at));
    if (record) assignFrame(draft, record.frame, node, slot);
    else spent.add(node);
  }
}
