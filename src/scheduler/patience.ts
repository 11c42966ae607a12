import { giveUpAttempt } from "./blame.ts";
import type { Draft } from "./draft.ts";
import { timedOutCode } from "./results.ts";
import type { Attempt } from "./state.ts";

/** Gives up attempts that show no progress: their slots are killed, and their frames go to others. */
export function giveUpSilent(draft: Draft): void {
  for (const { attempt: number } of [...draft.attempts.values()]) {
    const attempt = draft.attempts.get(number); // one given up before it may have changed it
    if (attempt?.recall === "disregarded" || !attempt || !shouldProgress(draft, attempt)) continue;
    const silentMs = draft.at - attempt.progressedAt;
    if (silentMs <= patienceMs(draft, attempt)) continue;
    giveUpAttempt(draft, attempt, {
      code: timedOutCode,
      message: `no progress for ${Math.round(silentMs / 1000)} s`,
      hint: "The slot was ended and the frame given to another; the slot's log on the node may say where it hung",
      fault: "scene",
    });
  }
}

function shouldProgress(draft: Draft, attempt: Attempt): boolean {
  if (attempt.status === "rendered" || attempt.slot === null) return false;
  if (attempt.status === "running") return true;
  const slot = draft.nodes.get(attempt.node)?.slots.get(attempt.slot);
  return slot?.running === null; // nothing stands before it, so it should have begun
}

/** Frames of one job differ, and nodes do: ten times the slower of both medians is long for any of them. */
function patienceMs(draft: Draft, attempt: Attempt): number {
  const medianMs = Math.max(draft.frameMs.median ?? 0, draft.nodes.get(attempt.node)?.frameMs.median ?? 0);
  return Math.max(draft.policy.patienceMs, draft.policy.patienceInFrames * medianMs);
}
