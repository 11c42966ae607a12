import type { NodeId, SlotId } from "../core/node.ts";
import { closeAttempt, requeueOrFail } from "./attempts.ts";
import type { Draft } from "./state/draft.ts";

export interface SlotRef {
  readonly node: NodeId;
  readonly slot: SlotId;
}

/** The slot gets no attempts until it is ready again. */
export function closeSlot(draft: Draft, { node: id, slot }: SlotRef): void {
  draft.changeSlot(id, slot, { isReady: false });
  const node = draft.nodes.get(id);
  if (node) draft.setNode({ ...node, unreadySince: hasReadySlot(draft, id) ? null : (node.unreadySince ?? draft.at) });
}

/** A slot has given an unstarted attempt back. After too many in a row it is excluded. */
export function countUnstarted(draft: Draft, { node, slot }: SlotRef): void {
  const record = draft.nodes.get(node)?.slots.get(slot);
  if (!record) return;
  const unstartedInARow = record.unstartedInARow + 1;
  draft.changeSlot(node, slot, { unstartedInARow });
  const limit = draft.policy.unstartedEndsInARow;
  if (unstartedInARow === limit)
    excludeSlot(draft, { node, slot }, `it gave back ${limit} frames in a row without starting them`);
}

/**
 * Excludes a slot that does not do what it is told, until its node joins again. A node without any other ready slot is
 * excluded too, because a job would wait for it for ever.
 */
export function excludeSlot(draft: Draft, { node, slot }: SlotRef, reason: string): void {
  const record = draft.nodes.get(node)?.slots.get(slot);
  if (!record) return;
  draft.changeSlot(node, slot, { unstartedInARow: draft.policy.unstartedEndsInARow });
  closeSlot(draft, { node, slot });
  for (const number of [record.running, record.assigned]) {
    const attempt = number === null ? undefined : draft.attempts.get(number);
    if (!attempt) continue;
    closeAttempt(draft, attempt, "lost");
    requeueOrFail(draft, attempt, reason);
  }
  if (!hasReadySlot(draft, node)) draft.emit({ type: "announce", notice: { type: "node-excluded", node, reason } });
}

function hasReadySlot(draft: Draft, node: NodeId): boolean {
  return [...(draft.nodes.get(node)?.slots.values() ?? [])].some(({ isReady }) => isReady);
}
