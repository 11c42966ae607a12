import { assignFrame, withdraw } from "./attempts.ts";
import type { Draft } from "./draft.ts";
import type { Place } from "./pull.ts";
import {
  expectedFetchMs,
  expectedFrameMs,
  expectedRestMs,
  isSpentOn,
  liveAttempts,
  mayTake,
  ownTries,
  patienceWith,
} from "./queries.ts";
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
    const raced = draft.isDraining ? undefined : latest(draft, place, raceable);
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

/**
 * When an attempt will end, if another one at the place is expected to end sooner. One that overstays is raced whatever
 * is expected, and leaves room for one more: else two nodes that show progress for ever could keep a frame for ever.
 */
function raceable(draft: Draft, attempt: Attempt, place: Place): number | null {
  const endMs = overstays(draft, attempt) ? draft.at - heldSince(attempt) : restOf(draft, attempt, place);
  const record = draft.frames.get(attempt.frame);
  if (endMs === null || !record || isSpentOn(draft, record, place.node)) return null;
  const live = liveAttempts(draft, record);
  // Another slot of the same machine is no faster, and would slow both.
  if (live.some(({ node }) => node === place.node)) return null;
  if (live.filter((other) => !overstays(draft, other)).length >= draft.policy.liveAttemptsPerFrame) return null;
  const started = ownTries(draft, record).filter(({ hasStarted }) => hasStarted).length;
  return started < draft.policy.attemptsPerFrame ? endMs : null;
}

/** How long the attempt is expected to need, if the place is expected to need less. */
function restOf(draft: Draft, attempt: Attempt, place: Place): number | null {
  if (attempt.status === "rendered") return restOfFetch(draft, attempt, place);
  const restMs = attempt.status === "running" ? expectedRestMs(draft, attempt, draft.at) : null;
  return restMs !== null && place.expectedMs < restMs ? restMs : null;
}

/** A result may be long on its way, or never come: then the frame is rendered where it arrives sooner. */
function restOfFetch(draft: Draft, attempt: Attempt, place: Place): number | null {
  const secondsThere = attempt.seconds === null ? null : attempt.seconds * 1000;
  const frameMs = expectedFrameMs(draft, place.node) ?? secondsThere;
  const ageMs = draft.at - attempt.progressedAt;
  if (frameMs === null || ageMs <= draft.policy.fetchGraceMs) return null;
  const restMs = Math.max(expectedFetchMs(draft, attempt.node) - ageMs, ageMs * draft.policy.overdueShare);
  return frameMs + expectedFetchMs(draft, place.node) < restMs ? restMs : null;
}

/** Whether the node has had the frame for so long that nothing is hoped of it any more. */
function overstays(draft: Draft, attempt: Attempt): boolean {
  return draft.at - heldSince(attempt) > patienceWith(draft, attempt.node);
}

function heldSince({ progressedAt, startedAt, status }: Attempt): number {
  return status === "running" ? (startedAt ?? progressedAt) : progressedAt;
}
