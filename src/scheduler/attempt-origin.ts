import type { NodeId } from "../core/node.ts";
import type { AttemptRef } from "./events.ts";
import type { Draft } from "./state/draft.ts";
import type { PastAttempt } from "./state/frame-table.ts";

type Report = AttemptRef & { readonly node: NodeId };

/**
 * What is known about an attempt that a node reports.
 *
 * `known`: it was assigned to this node, or adopted from an earlier run. `previousRun`: it may be from an earlier run,
 * of which only the range of attempt numbers is known. `ambiguous`: possibly from an earlier run, but unusable: the
 * frame is not in this run, or another node already claimed the number. `unknown`: no attempt of the job can have been
 * this one.
 */
type Origin = "known" | "previousRun" | "ambiguous" | "unknown";

/** Error code for a node that reports an attempt that was never assigned to it. */
export const neverAssignedCode = "NEVER_ASSIGNED";
/** What such a node has done, for people. */
export const neverAssigned = "it has frames that it was never given";

/** Error code for an attempt without progress for too long. */
export const timedOutCode = "TIMED_OUT";

/**
 * Classifies a reported attempt. All numbers of this run were given by this state, and those of earlier runs are lower,
 * so a node cannot have any other attempt.
 *
 * @param isListed Whether the node listed the attempt when it joined: later it can only have attempts of this run
 */
export function originOf(draft: Draft, report: Report, isListed: boolean): Origin {
  const entry = pastAttemptOf(draft, report);
  if (entry?.node === report.node) return "known";
  if (!isListed || report.attempt < 1 || report.attempt >= draft.firstAttempt) return "unknown";
  const listed = draft.attempts.get(report.attempt);
  if (listed?.node === report.node) return "unknown"; // one number for two frames
  if (listed || entry || !draft.frames.get(report.frame)) return "ambiguous";
  return countPreviousRun(draft, report) < draft.policy.previousRunAttemptsPerFrame ? "previousRun" : "unknown";
}

/** Whether an attempt may continue, or its result be fetched. */
export function mayBeAdopted(draft: Draft, report: Report, isListed: boolean): boolean {
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

/** How many attempts at this frame from earlier runs were adopted from this node. */
function countPreviousRun(draft: Draft, { frame, node }: Report): number {
  const history = draft.frames.get(frame)?.history ?? [];
  const previousRun = history.filter((entry) => entry.node === node && entry.attempt < draft.firstAttempt);
  return previousRun.reduce((sum, { refetches }) => sum + 1 + refetches, 0);
}
