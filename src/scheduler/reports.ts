import type { NodeId, SlotId } from "../core/node.ts";
import { originOf, pastAttemptOf } from "./attempt-origin.ts";
import { attemptOf, closeAttempt, disregard, newAttempt, occupySlot, requeueOrFail } from "./attempts.ts";
import { failAttempt, loseAttempt } from "./blame.ts";
import type { AttemptError, AttemptRef } from "./events.ts";
import { adoptRunning, onSlotLost } from "./membership.ts";
import { needsFreshSlot } from "./refused-frames.ts";
import type { Draft } from "./state/draft.ts";
import type { LiveAttempt } from "./state/state.ts";

type Report = AttemptRef & { readonly node: NodeId };

/** The only failure after which a slot continues. After any other its process has ended, and `slot-lost` follows. */
const slotFull = "SLOT_FULL";

/** A slot has started an attempt. This may have crossed with the order to withdraw it. */
export function onAttemptStarted(draft: Draft, report: Report & { readonly slot: SlotId }): void {
  const attempt = attemptOf(draft, report);
  if (!attempt && pastAttemptOf(draft, report)?.hasStarted === false && originOf(draft, report, false) === "known") {
    // It was sent to a slot that ended, and waited until the slot was restarted.
    makeRoom(draft, report.node, report.slot, report.attempt);
    adoptRunning(draft, report.node, report);
    return;
  }
  if (attempt?.status !== "assigned" || attempt.slot === null) return;
  makeRoom(draft, attempt.node, attempt.slot, attempt.attempt);
  draft.changeSlot(attempt.node, attempt.slot, { assigned: null, unstartedInARow: 0 });
  const started = newAttempt(draft, { ...attempt, status: "running", startedAt: draft.at });
  const running: LiveAttempt = { ...started, recall: attempt.recall };
  if (attempt.recall === "disregarded") {
    occupySlot(draft, running);
    disregard(draft, running, "cancelled"); // withdrawn too late: it must be cancelled
    return;
  }
  occupySlot(draft, { ...running, recall: "none" });
  draft.changePastAttempt(attempt.frame, attempt.attempt, { hasStarted: true });
  const isBarred = draft.nodes.get(report.node)?.barredAt !== null;
  if (!isBarred && !needsFreshSlot(draft, attempt)) return;
  disregard(draft, { ...running, recall: "none" }, "cancelled");
  requeueOrFail(draft, attempt, isBarred ? "its node was barred" : "its slot is restarted for it");
}

/** A slot runs one attempt at a time, so another one that is still listed there ended without a report. */
function makeRoom(draft: Draft, node: NodeId, slotId: SlotId, next: number): void {
  const slot = draft.nodes.get(node)?.slots.get(slotId);
  const former = slot?.running == null ? undefined : draft.attempts.get(slot.running);
  if (!former || former.attempt === next) return;
  closeAttempt(draft, former, "lost");
  requeueOrFail(draft, former, "its slot continued with another frame");
}

/** An attempt has made progress. Ignored if it has ended or is being withdrawn. */
export function onAttemptProgressed(draft: Draft, report: Report): void {
  const attempt = attemptOf(draft, report);
  const isActive = attempt?.status === "running" && attempt.recall === "none";
  if (isActive) draft.setAttempt({ ...attempt, progressedAt: draft.at });
}

/** It is our delay that an attempt does not start, so its slot is not to blame. */
export function onAttemptDelayed(draft: Draft, report: Report): void {
  const attempt = attemptOf(draft, report);
  const isWaiting = attempt?.status === "assigned" && attempt.recall === "none";
  if (isWaiting) draft.setAttempt({ ...attempt, progressedAt: draft.at });
}

/** An attempt ended without a result. A disregarded one was already counted, or need not be. */
export function onAttemptFailed(draft: Draft, report: Report & { readonly error: AttemptError }): void {
  const attempt = attemptOf(draft, report);
  if (!attempt) return;
  if (attempt.recall === "disregarded") closeAttempt(draft, attempt, "cancelled");
  else if (report.error.fault === "nobody") loseAttempt(draft, attempt, report.error);
  else {
    // An attempt that failed has started, even if its start was not reported.
    draft.changePastAttempt(attempt.frame, attempt.attempt, { hasStarted: true });
    failAttempt(draft, attempt, report.error);
  }
  // An attempt that was assigned between the two reports would be lost too.
  const isSlotGone = attempt.status !== "rendered" && report.error.code !== slotFull;
  if (isSlotGone && attempt.slot !== null) onSlotLost(draft, { node: attempt.node, slot: attempt.slot });
}

/** A node has given an assigned attempt back. */
export function onAttemptWithdrawn(draft: Draft, report: Report): void {
  const attempt = attemptOf(draft, report);
  if (!attempt) return;
  if (attempt.recall === "none") {
    loseAttempt(draft, attempt, unaskedWithdrawal);
    return;
  }
  closeAttempt(draft, attempt, "withdrawn");
  requeueOrFail(draft, attempt, null);
}

const unaskedWithdrawal: AttemptError = {
  code: "WITHDRAWN_UNASKED",
  message: "the node gave it back unasked",
  hint: "Check the node's log",
  fault: "nobody",
};
