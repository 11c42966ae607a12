import type { NodeId } from "../core/node.ts";
import { attemptOf, closeAttempt, disregard, leaveSlot, openAttempt } from "./attempts.ts";
import { blameNode, failAttempt, loseAttempt } from "./blame.ts";
import type { Draft } from "./draft.ts";
import type { AttemptError, AttemptRef } from "./events.ts";
import type { Try } from "./frame-table.ts";
import { liveAttempts, rememberFrameTime } from "./queries.ts";

type Report = AttemptRef & { readonly node: NodeId };

/** The code of a failure that this scheduler finds itself: no progress for too long. */
export const timedOutCode = "TIMED_OUT";

/** A node holds a result: it is fetched, whatever the scheduler thought of the attempt, if its frame is still wanted. */
export function onAttemptRendered(draft: Draft, report: Report & { readonly seconds: number }): void {
  const attempt = attemptOf(draft, report);
  if (!attempt || attempt.recall === "disregarded") {
    if (attempt) closeAttempt(draft, attempt, "dropped");
    offerResult(draft, report, false);
    return;
  }
  if (attempt.status === "rendered") return; // said twice
  leaveSlot(draft, attempt);
  draft.setAttempt({ ...attempt, status: "rendered", recall: "none", seconds: report.seconds });
  draft.changeTry(attempt.frame, attempt.attempt, { hasStarted: true });
  draft.emit({ type: "fetch", node: report.node, frame: report.frame, attempt: report.attempt });
}

/**
 * Takes up a result that no live attempt stands for: held from an earlier link or run, or of an attempt given up.
 *
 * @param isJoining Whether the node lists it as it joins: attempt numbers above ours are then those of an earlier run
 */
export function offerResult(draft: Draft, report: Report, isJoining: boolean): void {
  const { node, frame, attempt } = report;
  if (!draft.nodes.get(node)?.isJoined) return; // said on a link that is gone; it is listed when the node joins again
  const record = draft.frames.get(frame);
  const isOurs = isOfThisJob(draft, report, isJoining);
  if (isJoining) draft.skipNumber(attempt);
  if (record && record.status !== "stored" && isOurs) {
    openAttempt(draft, { attempt, frame, node, slot: null, status: "rendered", startedAt: null });
    draft.emit({ type: "fetch", node, frame, attempt });
    return;
  }
  draft.emit({ type: "release", node, frame, attempt });
  const isInvented = record && !isJoining && !isOurs && !isKnown(draft, report);
  if (isInvented) blameNode(draft, node, "NEVER_ASSIGNED");
}

/** Whether the attempt can be one of this job's, and not one that failed for good. */
export function isOfThisJob(draft: Draft, report: Report, isJoining: boolean): boolean {
  if (draft.attempts.has(report.attempt)) return false;
  const entry = tryOf(draft, report);
  if (entry) return entry.node === report.node && (entry.end !== "failed" || entry.error?.code === timedOutCode);
  return report.attempt < draft.firstAttempt || (isJoining && report.attempt >= draft.nextAttempt);
}

function isKnown(draft: Draft, report: Report): boolean {
  return tryOf(draft, report)?.node === report.node || report.attempt < draft.firstAttempt;
}

function tryOf(draft: Draft, report: Report): Try | undefined {
  return draft.frames.get(report.frame)?.tries.find((entry) => entry.attempt === report.attempt);
}

/** A frame is safely on disk. The first result wins, whoever gave it; what else works at the frame is called off. */
export function onFrameStored(draft: Draft, report: Report): void {
  const record = draft.frames.get(report.frame);
  if (!record) return;
  const attempt = attemptOf(draft, report);
  if (draft.nodes.get(report.node)?.isJoined) {
    draft.emit({ type: "release", node: report.node, frame: report.frame, attempt: report.attempt });
  }
  if (attempt) closeAttempt(draft, attempt, "stored");
  if (record.status === "stored") return;
  if (tryOf(draft, report)?.node === report.node) {
    draft.changeTry(report.frame, report.attempt, { end: "stored", error: null });
  }
  praise(draft, report.node, attempt?.seconds ?? null);
  const stored = draft.frames.get(report.frame) ?? record;
  for (const other of liveAttempts(draft, stored)) disregard(draft, other, "dropped");
  draft.setFrame({ ...(draft.frames.get(report.frame) ?? stored), status: "stored" });
}

function praise(draft: Draft, id: NodeId, seconds: number | null): void {
  const node = draft.nodes.get(id);
  if (!node) return;
  const limit = draft.policy.rememberedFrameTimes;
  const frameMs = seconds === null ? node.frameMs : rememberFrameTime(node.frameMs, seconds * 1000, limit);
  if (seconds !== null) draft.frameMs = rememberFrameTime(draft.frameMs, seconds * 1000, limit);
  draft.setNode({
    ...node,
    frameMs,
    failuresInARow: [],
    blamelessInARow: 0,
    lastStoredAt: draft.at,
    storedCount: node.storedCount + 1,
  });
}

/** A result is not what was asked for: that is the node's fault, and other nodes are tried first. */
export function onResultRefused(draft: Draft, report: Report & { readonly error: AttemptError }): void {
  const attempt = attemptOf(draft, report);
  if (attempt?.status !== "rendered") return;
  draft.emit({ type: "release", node: report.node, frame: report.frame, attempt: report.attempt });
  failAttempt(draft, attempt, { ...report.error, fault: "node" });
}

/** A result could not be had. */
export function onResultLost(draft: Draft, report: Report): void {
  const attempt = attemptOf(draft, report);
  if (attempt?.status !== "rendered") return;
  loseAttempt(draft, attempt, {
    code: "RESULT_LOST",
    message: "its result could not be fetched",
    hint: "Look at the link to this node and at the disk it keeps results on",
    fault: "nobody",
  });
}
