import type { NodeId } from "../core/node.ts";
import { mayBeAdopted, neverAssigned, neverAssignedCode, originOf, pastAttemptOf } from "./attempt-origin.ts";
import { attemptOf, closeAttempt, disregard, leaveSlot, openAttempt } from "./attempts.ts";
import { blameNode, failAttempt, loseAttempt } from "./blame.ts";
import type { AttemptError, AttemptRef } from "./events.ts";
import type { Draft } from "./state/draft.ts";
import { liveAttempts, rememberTime } from "./state/queries.ts";
import type { LiveAttempt } from "./state/state.ts";

type Report = AttemptRef & { readonly node: NodeId };

/** A node has a result. It is fetched if its frame is still needed, whatever the status of the attempt was. */
export function onAttemptRendered(draft: Draft, report: Report & { readonly seconds: number }): void {
  const attempt = attemptOf(draft, report);
  if (!attempt || attempt.recall === "disregarded") {
    if (attempt) closeAttempt(draft, attempt, "dropped");
    offerResult(draft, report, attempt !== undefined);
    return;
  }
  if (attempt.status === "rendered") return; // reported twice
  leaveSlot(draft, attempt);
  // Not more than the time that has passed: if a node claims years, later attempts would be allowed as long.
  const { startedAt } = attempt;
  const seconds = startedAt === null ? null : Math.min(report.seconds, (draft.at - startedAt) / 1000);
  draft.setAttempt({ ...attempt, status: "rendered", recall: "none", seconds, progressedAt: draft.at });
  draft.changePastAttempt(attempt.frame, attempt.attempt, { hasStarted: true });
  draft.emit({ type: "fetch", node: report.node, frame: report.frame, attempt: report.attempt });
}

/** The node was asked for the bytes of a result: from now on it can be late. */
export function onFetchStarted(draft: Draft, report: Report): void {
  const attempt = attemptOf(draft, report);
  if (attempt?.status === "rendered") draft.setAttempt({ ...attempt, fetchedAt: attempt.fetchedAt ?? draft.at });
}

/** All bytes of a result have arrived: from now on a delay is our own. */
export function onResultArrived(draft: Draft, report: Report): void {
  const attempt = attemptOf(draft, report);
  if (attempt?.status === "rendered") draft.setAttempt({ ...attempt, isHere: true });
}

/**
 * Adopts a result without a live attempt: from an earlier link or run, or from an abandoned attempt.
 *
 * @param isListed Whether the node listed the attempt when it joined, so that it may be from an earlier run
 */
export function offerResult(draft: Draft, report: Report, isListed: boolean): void {
  const { node, frame, attempt } = report;
  if (!draft.nodes.get(node)?.isJoined) return; // reported on a lost link; the node lists it when it joins again
  if (attemptOf(draft, report)) return; // listed twice
  const record = draft.frames.get(frame);
  if (record && record.status !== "stored" && mayBeAdopted(draft, report, isListed)) {
    openAttempt(draft, { attempt, frame, node, slot: null, status: "rendered", startedAt: null });
    draft.emit({ type: "fetch", node, frame, attempt });
    return;
  }
  draft.emit({ type: "release", node, frame, attempt });
  if (originOf(draft, report, isListed) === "unknown") blameNode(draft, node, neverAssignedCode, neverAssigned);
}

/** A frame is safely on disk. The first result wins; other attempts at the frame are disregarded. */
export function onFrameStored(draft: Draft, report: Report): void {
  const record = draft.frames.get(report.frame);
  if (!record) return;
  const attempt = attemptOf(draft, report);
  if (draft.nodes.get(report.node)?.isJoined) {
    draft.emit({ type: "release", node: report.node, frame: report.frame, attempt: report.attempt });
  }
  if (attempt) closeAttempt(draft, attempt, "stored");
  if (record.status === "stored") return;
  if (pastAttemptOf(draft, report)?.node === report.node) {
    draft.changePastAttempt(report.frame, report.attempt, { end: "stored", error: null });
  }
  recordSuccess(draft, report.node, attempt);
  const stored = draft.frames.get(report.frame) ?? record;
  for (const other of liveAttempts(draft, stored)) disregard(draft, other, "dropped");
  draft.setFrame({ ...(draft.frames.get(report.frame) ?? stored), status: "stored" });
}

/** @param attempt The attempt that rendered the frame, unless it had been abandoned */
function recordSuccess(draft: Draft, id: NodeId, attempt: LiveAttempt | undefined): void {
  const node = draft.nodes.get(id);
  if (!node) return;
  const limit = draft.policy.rememberedTimes;
  const successful = { ...node, failuresInARow: [], blamelessInARow: 0, storedCount: node.storedCount + 1 };
  draft.lastStored = [
    { node: id, at: draft.at },
    ...draft.lastStored.filter((stored) => stored.node !== id).slice(0, 1),
  ];
  if (attempt?.status !== "rendered") {
    draft.setNode(successful);
    return;
  }
  const { progressedAt, seconds } = attempt;
  const fetchMs = draft.at - progressedAt;
  draft.fetchMs = rememberTime(draft.fetchMs, fetchMs, limit);
  const timed = { ...successful, fetchMs: rememberTime(node.fetchMs, fetchMs, limit) };
  if (seconds === null) {
    draft.setNode(timed);
    return;
  }
  draft.frameMs = rememberTime(draft.frameMs, seconds * 1000, limit);
  draft.setNode({ ...timed, frameMs: rememberTime(node.frameMs, seconds * 1000, limit) });
}

/** A result is not valid: that is the node's fault, and other nodes get the frame first. */
export function onResultRefused(draft: Draft, report: Report & { readonly error: AttemptError }): void {
  const attempt = attemptOf(draft, report);
  if (attempt?.status !== "rendered") return;
  draft.emit({ type: "release", node: report.node, frame: report.frame, attempt: report.attempt });
  failAttempt(draft, attempt, { ...report.error, fault: "node" });
}

/** A result could not be fetched. */
export function onResultLost(draft: Draft, report: Report & { readonly why?: string }): void {
  const attempt = attemptOf(draft, report);
  if (attempt?.status !== "rendered") return;
  loseAttempt(draft, attempt, {
    code: "RESULT_LOST",
    message: `it could not be fetched from the node${report.why === undefined ? "" : `: ${report.why}`}`,
    hint: "Check the connection to this node and the disk that it keeps frames on",
    fault: "nobody",
  });
}
