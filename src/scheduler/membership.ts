import type { NodeId } from "../core/node.ts";
import { mayBeAdopted, neverAssigned, neverAssignedCode, originOf } from "./attempt-origin.ts";
import { closeAttempt, disregard, newAttempt, occupySlot, openAttempt, requeueOrFail } from "./attempts.ts";
import { blameNode, loseAttempt } from "./blame.ts";
import type { AttemptError, AttemptRef, EventBody } from "./events.ts";
import { offerResult } from "./results.ts";
import { closeSlot, type SlotRef } from "./slots.ts";
import type { Draft } from "./state/draft.ts";
import { attemptsOf, liveAttempts } from "./state/queries.ts";
import { type LiveAttempt, noSlots, noTimes } from "./state/state.ts";

type Joined = Extract<EventBody, { type: "node-joined" }>;
type Running = Joined["running"][number];

/**
 * A node takes part. Attempts and results of this job that it still has are adopted if their frame is not stored yet.
 */
export function onNodeJoined(draft: Draft, event: Joined): void {
  const id = event.node;
  if (draft.nodes.get(id)?.isJoined) onNodeLost(draft, event); // its former link was lost without notice
  const former = draft.nodes.get(id) ?? {
    node: id,
    barredAt: null,
    failuresInARow: [],
    blamelessInARow: 0,
    storedCount: 0,
    frameMs: noTimes,
    fetchMs: noTimes,
  };
  draft.setNode({ ...former, isJoined: true, slots: noSlots, unreadySince: draft.at });
  for (const held of event.held) offerResult(draft, { ...held, node: id }, true);
  for (const running of event.running) {
    if (originOf(draft, { ...running, node: id }, true) === "unknown") {
      // Not listed: this run may still give that number to another attempt.
      draft.emit({ type: "cancel", node: id, frame: running.frame, attempt: running.attempt });
      blameNode(draft, id, neverAssignedCode, neverAssigned);
      continue;
    }
    onSlotReady(draft, { node: id, slot: running.slot }); // a rendering slot has loaded its scene
    adoptRunning(draft, id, running);
  }
}

/**
 * Lists a running attempt that is not listed in its slot. It continues if its frame still needs it, or is cancelled.
 */
export function adoptRunning(draft: Draft, node: NodeId, { slot, frame, attempt }: Running): void {
  const slotState = draft.nodes.get(node)?.slots.get(slot);
  if (!slotState?.isReady || slotState.running !== null || draft.attempts.has(attempt)) {
    draft.emit({ type: "cancel", node, frame, attempt });
    return;
  }
  const adopted = { attempt, frame, node, slot, status: "running", startedAt: draft.at } as const;
  if (makeWay(draft, { node, frame, attempt })) {
    openAttempt(draft, adopted);
    return;
  }
  const unwanted: LiveAttempt = { ...newAttempt(draft, adopted), recall: "disregarded" };
  occupySlot(draft, unwanted);
  disregard(draft, unwanted, "cancelled");
}

/** Whether a running attempt may be adopted. It has started, so attempts that only wait elsewhere make way for it. */
function makeWay(draft: Draft, ref: AttemptRef & { readonly node: NodeId }): boolean {
  const record = draft.frames.get(ref.frame);
  const isBarred = draft.nodes.get(ref.node)?.barredAt !== null;
  if (!record || record.status === "stored" || isBarred || !mayBeAdopted(draft, ref, true)) return false;
  const working = liveAttempts(draft, record).filter(({ status }) => status !== "rendered");
  const waiting = working.filter(({ status }) => status === "assigned");
  if (working.length - waiting.length >= draft.policy.liveAttemptsPerFrame) return false;
  for (const attempt of waiting) disregard(draft, attempt, "withdrawn");
  return true;
}

/**
 * The link is lost: the node's frames go to others at once. If the node comes back first, its attempts are adopted
 * again.
 */
export function onNodeLost(draft: Draft, event: { readonly node: NodeId }): void {
  const node = draft.nodes.get(event.node);
  if (!node?.isJoined) return;
  const attempts = attemptsOf(draft, event.node);
  draft.setNode({ ...node, isJoined: false, slots: noSlots, unreadySince: node.unreadySince ?? draft.at });
  for (const attempt of attempts) {
    closeAttempt(draft, attempt, "lost");
    requeueOrFail(draft, attempt, "its node was lost");
  }
}

/** A slot takes attempts, unless it was excluded. */
export function onSlotReady(draft: Draft, { node: id, slot: number }: SlotRef): void {
  const node = draft.nodes.get(id);
  if (!node?.isJoined) return;
  const slot = node.slots.get(number) ?? {
    slot: number,
    unstartedInARow: 0,
    running: null,
    assigned: null,
    latest: null,
  };
  const isReady = slot.unstartedInARow < draft.policy.unstartedEndsInARow;
  const slots = node.slots.with({ ...slot, isReady });
  draft.setNode({ ...node, slots, unreadySince: isReady ? null : node.unreadySince });
}

/** A slot's process ended, and with it the attempts that are still listed there. */
export function onSlotLost(draft: Draft, { node, slot: number }: SlotRef): void {
  const slot = draft.nodes.get(node)?.slots.get(number);
  if (!slot) return;
  closeSlot(draft, { node, slot: number });
  for (const occupant of [slot.running, slot.assigned]) {
    const attempt = occupant === null ? undefined : draft.attempts.get(occupant);
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
