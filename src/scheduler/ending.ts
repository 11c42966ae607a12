import { withdraw } from "./attempts.ts";
import type { Outcome } from "./events.ts";
import type { Draft } from "./state/draft.ts";

/** Stops assigning: waiting attempts are withdrawn, and running ones finish. */
export function onDrainRequested(draft: Draft): void {
  draft.isDraining = true;
  for (const attempt of [...draft.attempts.values()]) {
    if (attempt.status === "assigned" && attempt.recall === "none") withdraw(draft, attempt);
  }
}

/** The frames that waited for the end of the trial are assigned, or never. */
export function onTrialEnded(draft: Draft, { continues }: { readonly continues: boolean }): void {
  draft.trial = null;
  if (!continues) onDrainRequested(draft);
}

/** Ends the job once nothing is left to do. A finished state ignores further events. */
export function conclude(draft: Draft): void {
  const outcome = outcomeOf(draft);
  if (!outcome) return;
  draft.isFinished = true;
  draft.emit({ type: "finish", outcome });
}

function outcomeOf({ frames, isDraining }: Draft): Outcome | null {
  const { active, queued, stored } = frames.counts;
  if (stored === frames.size) return { type: "complete" };
  if (active > 0) return null;
  if (queued === 0) return { type: "failed", frames: frames.framesWith("failed") };
  return isDraining ? { type: "drained", missing: frames.framesWith("queued", "failed") } : null;
}
