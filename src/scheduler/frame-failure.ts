import type { AttemptError } from "./events.ts";
import type { Draft } from "./state/draft.ts";
import type { FrameRecord, PastAttempt } from "./state/frame-table.ts";
import { historyOfThisRun, isSpentEverywhere, lossesOf } from "./state/queries.ts";

/**
 * Decides whether a frame without a live attempt has failed.
 *
 * @returns Its errors if it has failed, `null` if it may be rendered again
 */
export function judgeFrame(draft: Draft, record: FrameRecord): readonly AttemptError[] | null {
  const { policy } = draft;
  const history = historyOfThisRun(draft, record);
  const failures = history.filter(({ end, error }) => end === "failed" && error?.fault !== "nobody");
  const errors = failures.flatMap((failure) => failure.error ?? []);
  if (sceneErrorOf(draft, record)) return errors;
  // A node's own fault (no GPU, no memory) says nothing about the frame as long as there are other nodes.
  const notTheNodes = failures.filter((failure) => failure.error?.fault !== "node");
  if (nodesOf(notTheNodes).size >= policy.nodesThatFailAFrame) return errors;
  // Repeated failures or losses on one node say nothing either, as long as another node has not had its chance.
  const isSpent = isSpentEverywhere(draft, record, draft.at);
  if (isSpent && failures.length >= policy.failuresThatFailAFrame) return errors;

  // Without this, a result that is lost with its link each time would be fetched for ever: it counts as one attempt.
  const lost = history.reduce((sum, entry) => sum + lossesOf(entry), 0);
  const started = history.filter(({ hasStarted }) => hasStarted);
  const isLost = isSpent && lost >= policy.lossesThatFailAFrame;
  if (!isLost && started.length < policy.attemptsPerFrame) return null;
  const refetches = started.reduce((sum, entry) => sum + entry.refetches, 0);
  return [...errors, lossError(record, started.length + refetches, lost)];
}

/** The error of this frame that shows that the scene is at fault: the same code on enough different nodes. */
export function sceneErrorOf(draft: Draft, record: FrameRecord): AttemptError | null {
  const failures = historyOfThisRun(draft, record).filter(({ error }) => error?.fault === "scene");
  for (const { error } of failures) {
    const alike = failures.filter((other) => other.error?.code === error?.code);
    if (error && nodesOf(alike).size >= draft.policy.nodesThatBlameTheScene) return error;
  }
  return null;
}

/** The nodes on which the frame failed with this code. */
export function nodesThatFailedWith(draft: Draft, record: FrameRecord, code: string): string[] {
  return [...nodesOf(historyOfThisRun(draft, record).filter(({ error }) => error?.code === code))];
}

function nodesOf(history: readonly PastAttempt[]): Set<string> {
  return new Set(history.map((entry) => entry.node));
}

function lossError(record: FrameRecord, started: number, lost: number): AttemptError {
  const losses = `lost ${lost} times with its node or slot`;
  return {
    code: "ATTEMPTS_LOST",
    message: `Frame ${record.frame} was rendered or fetched ${started} times, and ${losses}`,
    hint: "It may crash the nodes: render this frame alone on one machine and watch its memory",
    fault: "scene",
  };
}
