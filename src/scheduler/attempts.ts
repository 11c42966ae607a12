import type { NodeId } from "../core/node.ts";
import type { AttemptError, AttemptRef } from "./events.ts";
import { judgeFrame } from "./frame-failure.ts";
import type { Draft } from "./state/draft.ts";
import type { AttemptEnd } from "./state/frame-table.ts";
import { expectedFrameMs, liveAttempts } from "./state/queries.ts";
import type { LiveAttempt } from "./state/state.ts";

/** The attempt that a report is about, or undefined when the report came too late or names what never was. */
export function attemptOf(draft: Draft, report: AttemptRef & { readonly node: NodeId }): LiveAttempt | undefined {
  const attempt = draft.attempts.get(report.attempt);
  return attempt?.frame === report.frame && attempt.node === report.node ? attempt : undefined;
}

/** Lists an attempt in its slot, without its frame counting on it. */
export function occupySlot(draft: Draft, attempt: LiveAttempt): void {
  draft.setAttempt(attempt);
  if (attempt.slot === null || attempt.status === "rendered") return;
  draft.changeSlot(attempt.node, attempt.slot, { [attempt.status]: attempt.attempt });
}

/** What is known of an attempt when it is listed: nothing of its result, and a running one begins now. */
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

/** Makes an attempt live: its frame is active and counts on it. An attempt that ended before may begin again so. */
export function openAttempt(draft: Draft, opened: NewAttempt): void {
  const record = draft.frames.get(opened.frame);
  if (!record) throw new Error(`Cannot open attempt ${opened.attempt}: frame ${opened.frame} is none of the job's`);
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

/** A new attempt number. With the last one of the run the job drains. */
export function nextNumber(draft: Draft): number {
  const attempt = draft.nextAttempt++;
  if (draft.nextAttempt - draft.firstAttempt >= draft.policy.attemptsPerRun) draft.isDraining = true;
  return attempt;
}

/** Assigns the frame to a free place of a slot under a new attempt number. */
export function assignFrame(draft: Draft, frame: number, node: NodeId, slot: number): void {
  const attempt = nextNumber(draft);
  openAttempt(draft, { attempt, frame, node, slot, status: "assigned", startedAt: null });
  draft.emit({ type: "assign", node, slot, frame, attempt });
}

/** Takes the attempt out of its slot; the one that waited behind it is next, and its patience begins now. */
export function leaveSlot(draft: Draft, attempt: LiveAttempt): void {
  if (attempt.slot === null) return;
  const slot = draft.nodes.get(attempt.node)?.slots.get(attempt.slot);
  if (slot?.assigned === attempt.attempt) draft.changeSlot(attempt.node, attempt.slot, { assigned: null });
  if (slot?.running !== attempt.attempt) return;
  draft.changeSlot(attempt.node, attempt.slot, { running: null });
  const next = slot.assigned === null ? undefined : draft.attempts.get(slot.assigned);
  if (next) draft.setAttempt({ ...next, progressedAt: draft.at });
}

/** Ends an attempt for good, without asking yet what becomes of its frame. */
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
 * Stops counting on an attempt and tells the node so: it is withdrawn, cancelled or released, as far as it had come.
 * It stays listed while it occupies its slot, so that nothing is assigned there too early.
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

/** Asks for an assigned attempt back. Its frame counts on it until the node answers, since it may just have begun. */
export function withdraw(draft: Draft, attempt: LiveAttempt): void {
  draft.setAttempt({ ...attempt, recall: "withdrawing", progressedAt: draft.at });
  draft.emit({ type: "withdraw", node: attempt.node, frame: attempt.frame, attempt: attempt.attempt });
}

/**
 * Returns an active frame to the queue, or fails it, once no attempt is left that it counts on.
 *
 * @param reason For people; `null` when nothing happened that they should know of
 * @param code Of the error, if there was one
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
