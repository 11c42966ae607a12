import { timedOutCode } from "./attempt-origin.ts";
import { disregard, requeueOrFail } from "./attempts.ts";
import { giveUpAttempt } from "./blame.ts";
import { giveUpSlot } from "./slots.ts";
import type { Draft } from "./state/draft.ts";
import { progressTimeoutOn, shortestProgressTimeout } from "./state/queries.ts";
import type { LiveAttempt } from "./state/state.ts";

/**
 * Stops waiting for what shows no progress, or does not answer. Results are not waited for here: whoever fetches them
 * bounds the time for it, and says when it is over.
 */
export function giveUpSilent(draft: Draft): void {
  for (const number of silentAttempts(draft)) {
    const attempt = draft.attempts.get(number); // one given up before it may have changed it
    if (!attempt || attempt.status === "rendered" || attempt.slot === null) continue;
    if (attempt.recall === "disregarded") giveUpMute(draft, attempt, attempt.slot);
    else if (attempt.recall === "withdrawing") giveUpWithdrawn(draft, attempt);
    else if (attempt.status === "running") giveUpRunning(draft, attempt);
    else giveUpUnstarted(draft, attempt, attempt.slot);
  }
}

/** Those of which nothing was heard for longer than any of their kind may be silent at the least. */
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

/** What runs is cancelled, by killing its slot, and its frame goes to others. */
function giveUpRunning(draft: Draft, attempt: LiveAttempt): void {
  const silentMs = draft.at - attempt.progressedAt;
  if (silentMs <= progressTimeoutOn(draft, attempt.node)) return;
  giveUpAttempt(draft, attempt, {
    code: timedOutCode,
    message: `no progress for ${inSeconds(silentMs)}`,
    hint: "The slot was ended and the frame given to another; the slot's log on the node may say where it hung",
    fault: "scene",
  });
}

/** What nothing stands before should have begun. Its frame cannot be the reason: the slot is. */
function giveUpUnstarted(draft: Draft, attempt: LiveAttempt, slot: number): void {
  if (draft.nodes.get(attempt.node)?.slots.get(slot)?.running !== null) return;
  const silentMs = draft.at - attempt.progressedAt;
  if (silentMs <= progressTimeoutOn(draft, attempt.node)) return;
  const reason = `it did not begin a frame for ${inSeconds(silentMs)}`;
  disregard(draft, attempt, "lost");
  requeueOrFail(draft, attempt, reason);
  giveUpSlot(draft, { node: attempt.node, slot }, reason);
}

/** The node neither gave it back nor began it: its frame counts on it no longer, though it may be rendered twice so. */
function giveUpWithdrawn(draft: Draft, attempt: LiveAttempt): void {
  if (draft.at - attempt.progressedAt <= draft.policy.answerMs) return;
  disregard(draft, attempt, "withdrawn");
  requeueOrFail(draft, attempt, null);
}

/** The node was told to end it or to give it back, and says nothing: its slot hangs, or it is no honest node. */
function giveUpMute(draft: Draft, attempt: LiveAttempt, slot: number): void {
  const silentMs = draft.at - attempt.progressedAt;
  if (silentMs <= draft.policy.progressTimeoutMs) return;
  giveUpSlot(draft, { node: attempt.node, slot }, `it did not end a frame within ${inSeconds(silentMs)}`);
}

function inSeconds(ms: number): string {
  return `${Math.round(ms / 1000)} s`;
}
