import type { NodeId } from "../core/node.ts";
import { assignFrame } from "./attempts.ts";
import { type IdleSlot, idleSlots, slotsToQueueBehind } from "./idle-slots.ts";
import { stealOrSpeculate } from "./speculation.ts";
import type { Draft } from "./state/draft.ts";
import type { FrameRecord } from "./state/frame-table.ts";
import { mayTake } from "./state/queries.ts";

/**
 * Assigns frames: first to idle slots, then one frame ahead to each busy slot, so that no slot waits for the network
 * between two frames. Slots that get nothing from the queue then take over or race the attempts of other slots.
 */
export function giveWork(draft: Draft, isTick: boolean): void {
  if (draft.isDraining || draft.at < draft.handsOutFrom) return;
  handOut(draft, idleSlots(draft));
  handOut(draft, slotsToQueueBehind(draft));
  stealOrSpeculate(draft, idleSlots(draft), isTick);
}

/** Whether a frame waits that may be assigned now. The few frames of a trial are looked up: all others wait too. */
function isAnyQueued({ frames, trial }: Draft): boolean {
  if (trial === null) return frames.counts.queued > 0;
  return [...trial].some((frame) => frames.get(frame)?.status === "queued");
}

function handOut(draft: Draft, slots: Iterable<IdleSlot>): void {
  if (!isAnyQueued(draft)) return;
  /** Nodes that may not take any frame that they were offered: their other slots may not either. */
  const spent = new Set<NodeId>();
  for (const { node, slot } of slots) {
    if (!isAnyQueued(draft) || draft.isDraining) return;
    if (spent.has(node)) continue;
    const may = (candidate: FrameRecord) =>
      draft.trial?.has(candidate.frame) !== false && mayTake(draft, candidate, node, draft.at);
    const latest = draft.nodes.get(node)?.slots.get(slot)?.latest ?? null;
    const record = draft.policy.inRuns ? draft.frames.nextOfRun(latest, may) : draft.frames.firstQueued(may);
    if (record) assignFrame(draft, record.frame, node, slot);
    else spent.add(node);
  }
}
