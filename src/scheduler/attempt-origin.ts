import type { NodeId } from "../core/node.ts";
import type { AttemptRef } from "./events.ts";
import type { Draft } from "./state/draft.ts";
import type { PastAttempt } from "./state/frame-table.ts";

type Report = AttemptRef & { readonly node: NodeId };

/**
 * What is known of an attempt that a node names.
 *
 * `known`: this node was given it, or it was taken up from an earlier run. `leftover`: it may be of an earlier run, of
 * which only the range of its numbers is known. `doubtful`: so may it, but it is of no use, since its frame is none of
 * this run's or another node has named that number before. `unknown`: no attempt of the job can have been this one.
 */
type Origin = "known" | "previousRun" | "ambiguous" | "unknown";

/** The code of a failure that this scheduler finds itself: a node names an attempt that it was never given. */
export const neverAssignedCode = "NEVER_ASSIGNED";

/** The code of a failure that this scheduler finds itself: no progress for too long. */
export const timedOutCode = "TIMED_OUT";

/**
 * Every number of this run was given by this state, and those of earlier runs are below it: a node can neither know of
 * other attempts nor have them.
 *
 * @param isListed Whether the node named the attempt when it joined: later it has only what it was given
 */
export function originOf(draft: Draft, report: Report, isListed: boolean): Origin {
  const entry = pastAttemptOf(draft, report);
  if (entry?.node === report.node) return "known";
  if (!isListed || report.attempt < 1 || report.attempt >= draft.firstAttempt) return "unknown";
  const listed = draft.attempts.get(report.attempt);
  if (listed?.node === report.node) return "unknown"; // the same number for two frames
  if (listed || entry || !draft.frames.get(report.frame)) return "ambiguous";
  return countPreviousRun(draft, report) < draft.policy.previousRunAttemptsPerFrame ? "previousRun" : "unknown";
}

/** Whether an attempt that nothing is known to be wrong with may go on, or its result be fetched. */
export function mayBeTakenUp(draft: Draft, report: Report, isListed: boolean): boolean {
  const origin = originOf(draft, report, isListed);
  if (draft.attempts.has(report.attempt)) return false;
  const isBarred = draft.nodes.get(report.node)?.barredAt !== null;
  if (origin === "previousRun") return !isBarred;
  const entry = origin === "known" ? pastAttemptOf(draft, report) : undefined;
  if (!entry || (entry.end === "failed" && entry.error?.code !== timedOutCode)) return false;
  if (report.attempt >= draft.firstAttempt) return true;
  return !isBarred && countPreviousRun(draft, report) < draft.policy.previousRunAttemptsPerFrame;
}

export function pastAttemptOf(draft: Draft, report: Report): PastAttempt | undefined {
  return draft.frames.get(report.frame)?.history.find((entry) => entry.attempt === report.attempt);
}

/** How often attempts of earlier runs at this frame were taken up from this node. */
function countPreviousRun(draft: Draft, { frame, node }: Report): number {
  const history = draft.frames.get(frame)?.history ?? [];
  const previousRun = history.filter((entry) => entry.node === node && entry.attempt < draft.firstAttempt);
  return previousRun.reduce((sum, { refetches }) => sum + 1 + refetches, 0);
}
