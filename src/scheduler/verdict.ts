import type { Draft } from "./draft.ts";
import type { AttemptError } from "./events.ts";
import type { FrameRecord, Try } from "./frame-table.ts";
import { failuresOf, hasFailedEverywhere } from "./queries.ts";

/**
 * Decides whether a frame that no attempt works on has failed.
 *
 * @returns Its errors when it has, `null` when it may be tried again
 */
export function judgeFrame(draft: Draft, record: FrameRecord): readonly AttemptError[] | null {
  const { policy } = draft;
  const failures = failuresOf(record);
  const errors = failures.flatMap((failure) => failure.error ?? []);
  if (sceneErrorOf(draft, record)) return errors;
  // A node's own fault (no GPU, no memory) says nothing of the frame as long as there are other nodes.
  const notTheNodes = failures.filter((failure) => failure.error?.fault !== "node");
  if (nodesOf(notTheNodes).size >= policy.nodesThatFailAFrame) return errors;
  const isExhausted = failures.length >= policy.failuresThatFailAFrame;
  if (isExhausted && hasFailedEverywhere(draft, record, draft.at)) return errors;

  const started = record.tries.filter((entry) => entry.hasStarted);
  // A result that is lost with its link each time it is fetched is one attempt, and would be fetched for ever.
  const reoffers = started.reduce((sum, entry) => sum + entry.reoffers, 0);
  const lost = started.filter((entry) => entry.end === "lost").length + reoffers;
  if (lost < policy.lossesThatFailAFrame && started.length < policy.attemptsPerFrame) return null;
  return [...errors, lossError(record, started.length + reoffers, lost)];
}

/** The error of this frame that proves the scene at fault: the same code on enough different nodes. */
export function sceneErrorOf(draft: Draft, record: FrameRecord): AttemptError | null {
  const failures = failuresOf(record).filter((failure) => failure.error?.fault === "scene");
  for (const { error } of failures) {
    const alike = failures.filter((other) => other.error?.code === error?.code);
    if (error && nodesOf(alike).size >= draft.policy.nodesThatBlameTheScene) return error;
  }
  return null;
}

/** The nodes on which the frame failed with this code. */
export function nodesThatFailedWith(record: FrameRecord, code: string): string[] {
  return [...nodesOf(failuresOf(record).filter((failure) => failure.error?.code === code))];
}

function nodesOf(tries: readonly Try[]): Set<string> {
  return new Set(tries.map((entry) => entry.node));
}

function lossError(record: FrameRecord, started: number, lost: number): AttemptError {
  return {
    code: "ATTEMPTS_LOST",
    message: `Frame ${record.frame} was rendered or fetched ${started} times, and lost ${lost} times with its node or slot`,
    hint: "It may bring the nodes down: render this frame alone on one machine and watch its memory",
    fault: "scene",
  };
}
