import type { NodeId } from "../core/node.ts";
import { mayBeTakenUp, neverAssignedCode, originOf, pastAttemptOf } from "./attempt-origin.ts";
import { attemptOf, closeAttempt, disregard, leaveSlot, openAttempt } from "./attempts.ts";
import { blameNode, failAttempt, loseAttempt } from "./blame.ts";
import type { AttemptError, AttemptRef } from "./events.ts";
import type { Draft } from "./state/draft.ts";
import { liveAttempts, rememberTime } from "./state/queries.ts";
import type { LiveAttempt } from "./state/state.ts";

type Report = AttemptRef & { readonly node: NodeId };

/** A node holds a result: it is fetched, whatever the scheduler thought of the attempt, if its frame is still wanted. */
export function onAttemptRendered(draft: Draft, report: Report & { readonly seconds: number }): void {
  const attempt = attemptOf(draft, report);
  if (!attempt || attempt.recall === "disregarded") {
    if (attempt) closeAttempt(draft, attempt, "dropped");
    offerResult(draft, report, attempt !== undefined);
    return;
  }
  if (attempt.status === "rendered") return; // said twice
  leaveSlot(draft, attempt);
  // Never more than has passed: a node that claims years would have to be waited for as long the next time.
  const { startedAt } = attempt;
  const seconds = startedAt === null ? null : Math.min(report.seconds, (draft.at - startedAt) / 1000);
  draft.setAttempt({ ...attempt, status: "rendered", recall: "none", seconds, progressedAt: draft.at });
  draft.changePastAttempt(attempt.frame, attempt.attempt, { hasStarted: true });
  draft.emit({ type: "fetch", node: report.node, frame: report.frame, attempt: report.attempt });
}

/** The bytes of a result were asked for: from now on it is late when they do not come. */
export function onFetchBegun(draft: Draft, report: Report): void {
  const attempt = attemptOf(draft, report);
  if (attempt?.status === "rendered") draft.setAttempt({ ...attempt, fetchedAt: attempt.fetchedAt ?? draft.at });
}

/** All bytes of a result have come: if it is late now, it is our own doing. */
export function onResultArrived(draft: Draft, report: Report): void {
  const attempt = attemptOf(draft, report);
  if (attempt?.status === "rendered") draft.setAttempt({ ...attempt, isHere: true });
}

/**
 * Takes up a result that no live attempt stands for: held from an earlier link or run, or of an attempt given up.
 *
 * @param isListed Whether the node named the attempt when it joined, so that it may be of an earlier run
 */
export function offerResult(draft: Draft, report: Report, isListed: boolean): void {
  const { node, frame, attempt } = report;
  if (!draft.nodes.get(node)?.isJoined) return; // said on a link that is gone; it is listed when the node joins again
  if (attemptOf(draft, report)) return; // listed twice
  const record = draft.frames.get(frame);
  if (record && record.status !== "stored" && mayBeTakenUp(draft, report, isListed)) {
    openAttempt(draft, { attempt, frame, node, slot: null, status: "rendered", startedAt: null });
    draft.emit({ type: "fetch", node, frame, attempt });
    return;
  }
  draft.emit({ type: "release", node, frame, attempt });
  if (originOf(draft, report, isListed) === "unknown") blameNode(draft, node, neverAssignedCode);
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
  if (pastAttemptOf(draft, report)?.node === report.node) {
    draft.changePastAttempt(report.frame, report.attempt, { end: "stored", error: null });
  }
  recordSuccess(draft, report.node, attempt);
  const stored = draft.frames.get(report.frame) ?? record;
  for (const other of liveAttempts(draft, stored)) disregard(draft, other, "dropped");
  draft.setFrame({ ...(draft.frames.get(report.frame) ?? stored), status: "stored" });
}

/** @param attempt The one that gave the frame, unless it had been given up */
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
