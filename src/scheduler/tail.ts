import { assignFrame, withdraw } from "./attempts.ts";
import type { Draft } from "./draft.ts";
import type { Place } from "./pull.ts";
import { expectedFrameMs, expectedRestMs, hasFailedOn, liveAttempts, mayTake } from "./queries.ts";
import type { Attempt } from "./state.ts";

/**
 * Uses slots that found no frame in the queue. Each first has a waiting attempt of a busy slot handed over; where there
 * is none, it races an attempt that is expected to end later than a new one begun here.
 */
export function shareTheTail(draft: Draft, idle: readonly Place[]): void {
  // A frame that is already on its way back to the queue will need one of these slots.
  const expected = [...draft.attempts.values()].filter(({ recall }) => recall === "withdrawing").length;
  for (const place of idle.slice(expected)) {
    const moved = latest(draft, place, movable);
    if (moved) {
      withdraw(draft, moved);
      continue;
    }
    const raced = latest(draft, place, raceable);
    if (!raced) continue;
    assignFrame(draft, raced.frame, place.node, place.slot.slot);
    draft.emit({ type: "announce", news: { type: "frame-speculated", frame: raced.frame, node: place.node } });
  }
}

type EndOf = (draft: Draft, attempt: Attempt, place: Place) => number | null;

/** The attempt that will end last of those which the place could end sooner. */
function latest(draft: Draft, place: Place, endOf: EndOf): Attempt | undefined {
  let found: Attempt | undefined;
  let latestMs = Number.NEGATIVE_INFINITY;
  for (const attempt of draft.attempts.values()) {
    if (attempt.recall !== "none") continue;
    const endMs = endOf(draft, attempt, place);
    if (endMs === null || endMs <= latestMs) continue;
    found = attempt;
    latestMs = endMs;
  }
  return found;
}

/** When an attempt that waits behind a running one would end, if it should rather be moved to the place. */
function movable(draft: Draft, attempt: Attempt, place: Place): number | null {
  if (attempt.status !== "assigned" || attempt.slot === null) return null;
  const slot = draft.nodes.get(attempt.node)?.slots.get(attempt.slot);
  const before = slot?.running == null ? undefined : draft.attempts.get(slot.running);
  const record = draft.frames.get(attempt.frame);
  if (before?.recall !== "none" || !record || !mayTake(draft, record, place.node, draft.at)) return null;
  const moves = record.tries.filter(({ end }) => end === "withdrawn").length;
  if (moves >= draft.policy.movesPerFrame) return null;
  const restMs = expectedRestMs(draft, before, draft.at);
  const thereMs = expectedFrameMs(draft, attempt.node);
  // Before any frame time is known, to start at once is all that can be said for a slot, and it is enough.
  if (restMs === null || thereMs === null) return 0;
  return place.expectedMs < restMs + thereMs ? restMs + thereMs : null;
}

/** When a running attempt will end, if a second one at the place is expected to end sooner. */
function raceable(draft: Draft, attempt: Attempt, place: Place): number | null {
  // Another slot of the same machine is no faster, and would slow both.
  if (attempt.status !== "running" || attempt.node === place.node) return null;
  const record = draft.frames.get(attempt.frame);
  if (!record || hasFailedOn(record, place.node)) return null;
  if (liveAttempts(draft, record).length >= draft.policy.liveAttemptsPerFrame) return null;
  const started = record.tries.filter(({ hasStarted }) => hasStarted).length;
  if (started >= draft.policy.attemptsPerFrame) return null;
  const restMs = expectedRestMs(draft, attempt, draft.at);
  return restMs !== null && place.expectedMs < restMs ? restMs : null;
}
