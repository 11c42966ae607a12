import type { NodeId, SlotId } from "../core/node.ts";
import { closeAttempt, disregard, occupySlot, openAttempt, settleFrame } from "./attempts.ts";
import { loseAttempt } from "./blame.ts";
import type { Draft } from "./draft.ts";
import type { AttemptError, AttemptRef, EventBody } from "./events.ts";
import { liveAttempts } from "./queries.ts";
import { isOfThisJob, offerResult } from "./results.ts";
import { noFrameTimes } from "./state.ts";

type Joined = Extract<EventBody, { type: "node-joined" }>;
type Running = Joined["running"][number];

/** A node takes part. What it still renders or holds of this job is taken up where its frame is not stored yet. */
export function onNodeJoined(draft: Draft, event: Joined): void {
  const id = event.node;
  if (draft.nodes.get(id)?.isJoined) onNodeLost(draft, event); // its former link died without a word
  const former = draft.nodes.get(id) ?? {
    node: id,
    barredAt: null,
    failuresInARow: [],
    blamelessInARow: 0,
    lastStoredAt: null,
    storedCount: 0,
    frameMs: noFrameTimes,
  };
  draft.setNode({ ...former, isJoined: true, slots: new Map(), unreadySince: draft.at });
  for (const held of event.held) offerResult(draft, { ...held, node: id }, true);
  for (const running of event.running) adoptRunning(draft, id, running);
}

function adoptRunning(draft: Draft, node: NodeId, { slot, frame, attempt }: Running): void {
  const place = draft.nodes.get(node)?.slots.get(slot);
  if (!place) onSlotReady(draft, { node, slot }); // what renders has its scene loaded
  if (place?.running != null || draft.attempts.has(attempt)) {
    draft.emit({ type: "cancel", node, frame, attempt });
    return;
  }
  const adopted = { attempt, frame, node, slot, status: "running", startedAt: draft.at } as const;
  const isTakenUp = isWanted(draft, node, { frame, attempt });
  draft.skipNumber(attempt);
  if (isTakenUp) {
    openAttempt(draft, adopted);
    return;
  }
  const unwanted = { ...adopted, recall: "disregarded", progressedAt: draft.at, seconds: null } as const;
  occupySlot(draft, unwanted);
  disregard(draft, unwanted, "cancelled");
}

/** Whether a running attempt of a node that joins may go on: where it began, it is ahead of one that only waits. */
function isWanted(draft: Draft, node: NodeId, ref: AttemptRef): boolean {
  const record = draft.frames.get(ref.frame);
  const isBarred = draft.nodes.get(node)?.barredAt !== null;
  if (!record || record.status === "stored" || isBarred || !isOfThisJob(draft, { ...ref, node }, true)) return false;
  const working = liveAttempts(draft, record).filter(({ status }) => status !== "rendered");
  const waiting = working.filter(({ status }) => status === "assigned");
  if (working.length - waiting.length >= draft.policy.liveAttemptsPerFrame) return false;
  for (const attempt of waiting) disregard(draft, attempt, "withdrawn");
  return true;
}

/** The link is gone: what the node worked at goes to others at once, and is taken up again if it comes back first. */
export function onNodeLost(draft: Draft, event: { readonly node: NodeId }): void {
  const node = draft.nodes.get(event.node);
  if (!node?.isJoined) return;
  draft.setNode({ ...node, isJoined: false, slots: new Map(), unreadySince: node.unreadySince ?? draft.at });
  for (const attempt of [...draft.attempts.values()]) {
    if (attempt.node !== event.node) continue;
    closeAttempt(draft, attempt, "lost");
    settleFrame(draft, attempt, "its node was lost");
  }
}

/** A slot takes attempts. */
export function onSlotReady(draft: Draft, event: { readonly node: NodeId; readonly slot: SlotId }): void {
  const node = draft.nodes.get(event.node);
  if (!node?.isJoined) return;
  const slot = node.slots.get(event.slot) ?? { slot: event.slot, running: null, assigned: null };
  const slots = new Map(node.slots).set(event.slot, { ...slot, isReady: true });
  draft.setNode({ ...node, slots, unreadySince: null });
}

/** A slot's process ended: what is still listed there went with it. */
export function onSlotLost(draft: Draft, event: { readonly node: NodeId; readonly slot: SlotId }): void {
  const slot = draft.nodes.get(event.node)?.slots.get(event.slot);
  if (!slot) return;
  draft.changeSlot(event.node, event.slot, { isReady: false });
  const { slots = new Map(), unreadySince = null } = draft.nodes.get(event.node) ?? {};
  const hasReadySlot = [...slots.values()].some(({ isReady }) => isReady);
  if (!hasReadySlot) draft.changeNode(event.node, { unreadySince: unreadySince ?? draft.at });
  for (const number of [slot.running, slot.assigned]) {
    const attempt = number === null ? undefined : draft.attempts.get(number);
    if (attempt?.recall === "disregarded") closeAttempt(draft, attempt, "cancelled");
    else if (attempt) loseAttempt(draft, attempt, slotLost);
  }
}

const slotLost: AttemptError = {
  code: "SLOT_LOST",
  message: "its slot ended",
  hint: "The slot's log on the node says why it ended",
  fault: "nobody",
};
