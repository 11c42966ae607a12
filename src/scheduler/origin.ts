import type { NodeId } from "../core/node.ts";
import type { Draft } from "./draft.ts";
import type { AttemptRef } from "./events.ts";
import type { Try } from "./frame-table.ts";

type Report = AttemptRef & { readonly node: NodeId };

/**
 * What is known of an attempt that a node names.
 *
 * `known`: this node was given it, or it was taken up from an earlier run. `leftover`: it may be of an earlier run, of
 * which only the range of its numbers is known. `doubtful`: so may it, but it is of no use, since its frame is none of
 * this run's or another node has named that number before. `invented`: no attempt of the job can have been this one.
 */
type Origin = "known" | "leftover" | "doubtful" | "invented";

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
  const entry = tryOf(draft, report);
  if (entry?.node === report.node) return "known";
  if (!isListed || report.attempt < 1 || report.attempt >= draft.firstAttempt) return "invented";
  const listed = draft.attempts.get(report.attempt);
  if (listed?.node === report.node) return "invented"; // the same number for two frames
  if (listed || entry || !draft.frames.get(report.frame)) return "doubtful";
  return countLeftovers(draft, report) < draft.policy.leftoversPerFrame ? "leftover" : "invented";
}

/** Whether an attempt that nothing is known to be wrong with may go on, or its result be fetched. */
export function mayBeTakenUp(draft: Draft, report: Report, isListed: boolean): boolean {
  const origin = originOf(draft, report, isListed);
  if (draft.attempts.has(report.attempt)) return false;
  const isBarred = draft.nodes.get(report.node)?.barredAt !== null;
  if (origin === "leftover") return !isBarred;
  const entry = origin === "known" ? tryOf(draft, report) : undefined;
  if (!entry || (entry.end === "failed" && entry.error?.code !== timedOutCode)) return false;
  if (report.attempt >= draft.firstAttempt) return true;
  return !isBarred && countLeftovers(draft, report) < draft.policy.leftoversPerFrame;
}

export function tryOf(draft: Draft, report: Report): Try | undefined {
  return draft.frames.get(report.frame)?.tries.find((entry) => entry.attempt === report.attempt);
}

/** How often attempts of earlier runs at this frame were taken up from this node. */
function countLeftovers(draft: Draft, { frame, node }: Report): number {
  const tries = draft.frames.get(frame)?.tries ?? [];
  const leftovers = tries.filter((entry) => entry.node === node && entry.attempt < draft.firstAttempt);
  return leftovers.reduce((sum, { reoffers }) => sum + 1 + reoffers, 0);
}
