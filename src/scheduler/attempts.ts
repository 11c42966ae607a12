import type { NodeId } from "../core/node.ts";
import type { AttemptError, AttemptRef } from "./events.ts";
import { judgeFrame } from "./frame-failure.ts";
import type { Draft } from "./state/draft.ts";
import type { AttemptEnd } from "./state/frame-table.ts";
import { expectedFrameMs, liveAttempts } from "./state/queries.ts";
import type { LiveAttempt } from "./state/state.ts";

/** The attempt that a report is about, or undefined if the report is late or names an attempt that does not exist. */
export function attemptOf(draft: Draft, report: AttemptRef & { readonly node: NodeId }): LiveAttempt | undefined {
  const attempt = draft.attempts.get(report.attempt);
  return attempt?.frame === report.frame && attempt.node === report.node ? attempt : undefined;
}

/** Lists an attempt in its slot, although its frame does not wait for it. */
export function occupySlot(draft: Draft, attempt: LiveAttempt): void {
  draft.setAttempt(attempt);
  if (attempt.slot === null || attempt.status === "rendered") return;
  draft.changeSlot(attempt.node, attempt.slot, { [attempt.status]: attempt.attempt });
}

/** The state of an attempt when it is listed: it has no result, and a running one starts now. */
export function newAttempt(draft: Draft, opened: NewAttempt): LiveAttempt {
  const { attempt, frame, node, slot, status, startedAt } = opened;
  const dueAt = draft.at + (expectedFrameMs(draft, node) ?? 0);
  const known = {
    attempt,
    frame,
    node,
    slot,
    status,
    recall: "none",
    startedAt,
    progressedAt: draft.at,
    dueAt,
  } as const;
  return { ...known, fetchedAt: null, isHere: false, seconds: null };
}

type NewAttempt = Pick<LiveAttempt, "attempt" | "frame" | "node" | "slot" | "status" | "startedAt">;

/** Makes an attempt live: its frame becomes active and waits for it. An attempt that ended before may be reopened. */
export function openAttempt(draft: Draft, opened: NewAttempt): void {
  const record = draft.frames.get(opened.frame);
  if (!record) throw new Error(`Cannot open attempt ${opened.attempt}: frame ${opened.frame} is not in the job`);
  occupySlot(draft, newAttempt(draft, opened));
  const former = record.history.find((entry) => entry.attempt === opened.attempt);
  const isRefetch = opened.status === "rendered" && former?.end === "lost";
  const entry = {
    attempt: opened.attempt,
    node: opened.node,
    hasStarted: opened.status !== "assigned",
    refetches: (former?.refetches ?? 0) + (isRefetch ? 1 : 0),
    end: "open",
    error: null,
  } as const;
  const others = record.history.filter((entry) => entry !== former);
  draft.setFrame({ ...record, status: "active", history: [...others, entry] });
}

/** Takes a new attempt number. When the last one of the run is taken, the job drains. */
export function nextNumber(draft: Draft): number {
  const attempt = draft.nextAttempt++;
  if (draft.nextAttempt - draft.firstAttempt >= draft.policy.attemptsPerRun) draft.isDraining = true;
  return attempt;
}

/** Assigns the frame to a slot, under a new attempt number. */
export function assignFrame(draft: Draft, frame: number, node: NodeId, slot: number): void {
  const attempt = nextNumber(draft);
  openAttempt(draft, { attempt, frame, node, slot, status: "assigned", startedAt: null });
  draft.changeSlot(node, slot, { latest: frame });
  draft.emit({ type: "assign", node, slot, frame, attempt });
}

/** Removes the attempt from its slot. The one that waited behind it is next, and its timeout starts now. */
export function leaveSlot(draft: Draft, attempt: LiveAttempt): void {
  if (attempt.slot === null) return;
  const slot = draft.nodes.get(attempt.node)?.slots.get(attempt.slot);
  if (slot?.assigned === attempt.attempt) draft.changeSlot(attempt.node, attempt.slot, { assigned: null });
  if (slot?.running !== attempt.attempt) return;
  draft.changeSlot(attempt.node, attempt.slot, { running: null });
  const next = slot.assigned === null ? undefined : draft.attempts.get(slot.assigned);
  if (next) draft.setAttempt({ ...next, progressedAt: draft.at });
}

/** Ends an attempt for good, without deciding about its frame. */
export function closeAttempt(
  draft: Draft,
  attempt: LiveAttempt,
  end: AttemptEnd,
  error: AttemptError | null = null,
): void {
  leaveSlot(draft, attempt);
  draft.deleteAttempt(attempt.attempt);
  if (attempt.recall !== "disregarded") draft.changePastAttempt(attempt.frame, attempt.attempt, { end, error });
}

/**
 * Stops waiting for an attempt, and withdraws, cancels or releases it, depending on its status. It stays listed while
 * it occupies its slot, so that nothing is assigned there too early.
 */
export function disregard(
  draft: Draft,
  attempt: LiveAttempt,
  end: AttemptEnd,
  error: AttemptError | null = null,
): void {
  const { frame, node } = attempt;
  if (attempt.recall !== "disregarded") draft.changePastAttempt(frame, attempt.attempt, { end, error });
  if (attempt.status === "rendered") draft.deleteAttempt(attempt.attempt);
  else draft.setAttempt({ ...attempt, recall: "disregarded", progressedAt: draft.at });
  const order = { assigned: "withdraw", running: "cancel", rendered: "release" } as const;
  draft.emit({ type: order[attempt.status], node, frame, attempt: attempt.attempt });
}

/**
 * Asks the node to give an assigned attempt back. It may have just started, so its frame waits for it until the node
 * answers.
 */
export function withdraw(draft: Draft, attempt: LiveAttempt): void {
  draft.setAttempt({ ...attempt, recall: "withdrawing", progressedAt: draft.at });
  draft.emit({ type: "withdraw", node: attempt.node, frame: attempt.frame, attempt: attempt.attempt });
}

/**
 * Returns an active frame to the queue, or fails it, if it no longer waits for any attempt.
 *
 * @param reason For people; `null` if nothing is announced
 * @param code The code of the error, if there was one
 */
export function requeueOrFail(
  draft: Draft,
  attempt: LiveAttempt,
  reason: string | null,
  code: string | null = null,
): void {
  const record = draft.frames.get(attempt.frame);
  if (record?.status !== "active" || liveAttempts(draft, record).length > 0) return;
  const errors = judgeFrame(draft, record);
  if (errors) {
    draft.setFrame({ ...record, status: "failed" });
    draft.emit({ type: "announce", notice: { type: "frame-failed", frame: record.frame, errors } });
    return;
  }
  draft.setFrame({ ...record, status: "queued" });
  if (reason === null) return;
  const { frame, node, attempt: number } = attempt;
  draft.emit({ type: "announce", notice: { type: "frame-requeued", frame, node, attempt: number, code, reason } });
}
