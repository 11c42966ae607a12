import { timedOutCode } from "./attempt-origin.ts";
import { disregard, requeueOrFail } from "./attempts.ts";
import { abandonAttempt } from "./blame.ts";
import { excludeSlot } from "./slots.ts";
import type { Draft } from "./state/draft.ts";
import { progressTimeoutOn, shortestProgressTimeout } from "./state/queries.ts";
import type { LiveAttempt } from "./state/state.ts";

/**
 * Stops waiting for attempts without progress and for nodes that do not answer. Results are not included: the code that
 * fetches them limits the time for that.
 */
export function abandonSilent(draft: Draft): void {
  for (const number of silentAttempts(draft)) {
    const attempt = draft.attempts.get(number); // abandoning an earlier one may have changed it
    if (!attempt || attempt.status === "rendered" || attempt.slot === null) continue;
    if (attempt.recall === "disregarded") abandonMute(draft, attempt, attempt.slot);
    else if (attempt.recall === "withdrawing") abandonWithdrawn(draft, attempt);
    else if (attempt.status === "running") abandonRunning(draft, attempt);
    else abandonUnstarted(draft, attempt, attempt.slot);
  }
}

/** Attempts without a report for longer than the shortest timeout of their kind. */
function silentAttempts(draft: Draft): number[] {
  const { indices, policy } = draft;
  const kinds = [
    [indices.silent, shortestProgressTimeout(draft)],
    [indices.withdrawing, policy.answerMs],
    [indices.mute, policy.progressTimeoutMs],
  ] as const;
  const found: number[] = [];
  for (const [kind, progressTimeoutMs] of kinds) {
    for (const [since, attempt] of kind.values()) {
      if (draft.at - since <= progressTimeoutMs) break;
      found.push(attempt);
    }
  }
  return found.sort((one, other) => one - other);
}

/** Cancels a running attempt, which kills its slot. Its frame goes to other slots. */
function abandonRunning(draft: Draft, attempt: LiveAttempt): void {
  const silentMs = draft.at - attempt.progressedAt;
  if (silentMs <= progressTimeoutOn(draft, attempt.node)) return;
  abandonAttempt(draft, attempt, {
    code: timedOutCode,
    message: `no progress for ${inSeconds(silentMs)}`,
    hint: "The slot was stopped and the frame given to another; the slot's log on the node may show where it hung",
    fault: "scene",
  });
}

/** Nothing is ahead of this attempt in its slot, so it should have started. Blame the slot, not the frame. */
function abandonUnstarted(draft: Draft, attempt: LiveAttempt, slot: number): void {
  if (draft.nodes.get(attempt.node)?.slots.get(slot)?.running !== null) return;
  const silentMs = draft.at - attempt.progressedAt;
  if (silentMs <= progressTimeoutOn(draft, attempt.node)) return;
  const reason = `it did not start a frame for ${inSeconds(silentMs)}`;
  disregard(draft, attempt, "lost");
  requeueOrFail(draft, attempt, reason);
  excludeSlot(draft, { node: attempt.node, slot }, reason);
}

/** The node neither gave it back nor started it. Its frame no longer waits for it, so it may be rendered twice. */
function abandonWithdrawn(draft: Draft, attempt: LiveAttempt): void {
  if (draft.at - attempt.progressedAt <= draft.policy.answerMs) return;
  disregard(draft, attempt, "withdrawn");
  requeueOrFail(draft, attempt, null);
}

/** The node was told to cancel it or give it back, and does not answer: its slot hangs, or the node is not honest. */
function abandonMute(draft: Draft, attempt: LiveAttempt, slot: number): void {
  const silentMs = draft.at - attempt.progressedAt;
  if (silentMs <= draft.policy.progressTimeoutMs) return;
  excludeSlot(draft, { node: attempt.node, slot }, `it did not stop a frame within ${inSeconds(silentMs)}`);
}

function inSeconds(ms: number): string {
  return `${Math.round(ms / 1000)} s`;
}
