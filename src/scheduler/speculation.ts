import type { NodeId } from "../core/node.ts";
import { assignFrame, withdraw } from "./attempts.ts";
import type { TimedSet } from "./collections/timed-set.ts";
import type { IdleSlot } from "./idle-slots.ts";
import type { Draft } from "./state/draft.ts";
import { movesOf } from "./state/filing.ts";
import type { FrameRecord } from "./state/frame-table.ts";
import {
  expectedFetchMs,
  expectedFrameMs,
  expectedRestMs,
  historyOfThisRun,
  isSpentOn,
  liveAttempts,
  mayTake,
  progressTimeoutOn,
  resultsOf,
  shortestProgressTimeout,
} from "./state/queries.ts";
import type { LiveAttempt } from "./state/state.ts";

/** After an event, the search stops after this many nodes without a find, and after this many attempts per node … */
const mostCandidates = 8;
/**
 * … and after this many on a tick. A frame has had its chance on fewer nodes (`attemptsPerFrame`), so one of these may
 * take it.
 */
const mostCandidatesOnTick = 80;

/**
 * Uses slots for which the queue has no frame. Each one first takes over an attempt that waits in a busy slot. If there
 * is none, it races a running attempt that is expected to end later than a new one here.
 *
 * @param idleSlots The fastest first: if one of them cannot beat an attempt, the later ones cannot either
 * @param isTick Whether only time passed. Only time makes a result late, and then the search is longer
 */
export function stealOrSpeculate(draft: Draft, idleSlots: Iterable<IdleSlot>, isTick: boolean): void {
  const { coming, held, movable: waiting, raceable: running, withdrawing } = draft.indices;
  if (coming.size + held.size + waiting.size + running.size === 0) return;
  // A frame that is about to return to the queue will need one of these slots.
  let expected = withdrawing.size;
  const limit = isTick ? mostCandidatesOnTick : mostCandidates;
  /** Nodes that may not take any of the attempts: their other slots may not either. */
  const failed = new Set<NodeId>();
  for (const idleSlot of idleSlots) {
    if (expected-- > 0 || failed.has(idleSlot.node)) continue;
    const moved = latest(draft, draft.indices.movable, limit, (attempt) => movable(draft, attempt, idleSlot));
    if (moved.found) {
      withdraw(draft, moved.found);
      continue;
    }
    const raced = draft.isDraining ? noFind : racedBy(draft, idleSlot, limit, isTick);
    if (raced.found) {
      assignFrame(draft, raced.found.frame, idleSlot.node, idleSlot.slot);
      draft.emit({
        type: "announce",
        notice: { type: "frame-speculated", frame: raced.found.frame, node: idleSlot.node },
      });
      continue;
    }
    if (!moved.isElsewhere && !raced.isElsewhere) return;
    failed.add(idleSlot.node);
    if (failed.size >= limit) return;
  }
}

/** The attempt that an idle slot can take over or race; if there is none, whether a slot of another node might. */
interface Find {
  readonly found: LiveAttempt | undefined;
  readonly isElsewhere: boolean;
}

const noFind: Find = { found: undefined, isElsewhere: false };

function racedBy(draft: Draft, idleSlot: IdleSlot, limit: number, isTick: boolean): Find {
  const running = latest(draft, draft.indices.raceable, limit, (attempt) => raceable(draft, attempt, idleSlot));
  if (running.found) return running;
  const other = overstaying(draft, idleSlot, limit);
  if (other.found || !isTick) return { ...other, isElsewhere: other.isElsewhere || running.isElsewhere };
  const late = lateResult(draft, idleSlot);
  return { ...late, isElsewhere: late.isElsewhere || other.isElsewhere || running.isElsewhere };
}

/** `too-soon`: the attempt will end earlier by itself. `not-here`: this slot must not take it in any case. */
type Gain = number | "too-soon" | "not-here";

/**
 * Of the attempts that the slot could finish sooner, the one that will end last. It is among those that are due last,
 * or, if attempts have exceeded their time, among those that are overdue longest.
 */
function latest(draft: Draft, index: TimedSet, limit: number, gainOf: (attempt: LiveAttempt) => Gain): Find {
  if (index.size === 0) return noFind;
  let found: LiveAttempt | undefined;
  let latestMs = Number.NEGATIVE_INFINITY;
  let isElsewhere = false;
  for (const keys of [index.before(), index.values()]) {
    let candidates = 0;
    for (const [, number] of keys) {
      const attempt = draft.attempts.get(number);
      const gain = attempt ? gainOf(attempt) : "not-here";
      if (typeof gain === "number" && gain > latestMs) [found, latestMs] = [attempt, gain];
      isElsewhere ||= gain === "not-here";
      if (gain !== "not-here" || ++candidates >= limit) break;
    }
  }
  return { found, isElsewhere };
}

/** When a waiting attempt would end where it is, if it should be moved to the idle slot instead. */
function movable(draft: Draft, attempt: LiveAttempt, idleSlot: IdleSlot): Gain {
  const slot = attempt.slot === null ? undefined : draft.nodes.get(attempt.node)?.slots.get(attempt.slot);
  const before = slot?.running == null ? undefined : draft.attempts.get(slot.running);
  const record = draft.frames.get(attempt.frame);
  if (before?.recall !== "none" || !record || !mayTake(draft, record, idleSlot.node, draft.at)) return "not-here";
  if (movesOf(record) >= draft.policy.movesPerFrame) return "not-here";
  const restMs = expectedRestMs(draft, before, draft.at);
  const thereMs = expectedFrameMs(draft, attempt.node);
  // Before any frame time is known, the only advantage is to start at once, and that is enough.
  if (restMs === null || thereMs === null) return 0;
  return idleSlot.expectedMs < restMs + thereMs ? restMs + thereMs : "too-soon";
}

/** When a running attempt will end, if another one in the idle slot is expected to end sooner. */
function raceable(draft: Draft, attempt: LiveAttempt, idleSlot: IdleSlot): Gain {
  const record = draft.frames.get(attempt.frame);
  if (!record || !mayRace(draft, record, idleSlot)) return "not-here";
  if (overstays(draft, attempt)) return draft.at - heldSince(attempt);
  const restMs = expectedRestMs(draft, attempt, draft.at);
  return restMs !== null && idleSlot.expectedMs < restMs ? restMs : "too-soon";
}

/** Whether another attempt at the frame may start in the idle slot. An overstaying attempt does not count. */
function mayRace(draft: Draft, record: FrameRecord, idleSlot: IdleSlot): boolean {
  if (isSpentOn(draft, record, idleSlot.node)) return false;
  const live = liveAttempts(draft, record);
  // Another slot of the same machine is not faster, and would slow down both.
  if (live.some(({ node }) => node === idleSlot.node)) return false;
  if (live.filter((other) => !overstays(draft, other)).length >= draft.policy.liveAttemptsPerFrame) return false;
  return historyOfThisRun(draft, record).filter(({ hasStarted }) => hasStarted).length < draft.policy.attemptsPerFrame;
}

/**
 * A late result that the idle slot could deliver sooner. A node sends one result after the other, so all its results
 * are as late as the one that it has been sending for longest. A result that waits for us, or has arrived and is not
 * stored yet, is late because of us, and rendering it again would delay us more.
 */
function lateResult(draft: Draft, idleSlot: IdleSlot): Find {
  const seen = new Set<NodeId>();
  for (const [since, number] of draft.indices.coming.values()) {
    const lateMs = draft.at - since;
    if (lateMs <= draft.policy.fetchGraceMs) break;
    const node = draft.attempts.get(number)?.node;
    if (node === undefined || seen.has(node)) continue;
    seen.add(node);
    let candidates = 0;
    for (const result of resultsOf(draft, node)) {
      if (candidates++ >= mostCandidates) break; // earlier ones are already raced, and will be gone when that has ended
      const attempt = draft.attempts.get(result);
      const record = attempt && draft.frames.get(attempt.frame);
      if (!record || attempt.isHere || !mayRace(draft, record, idleSlot)) continue;
      if (isSooner(draft, attempt, lateMs, idleSlot)) return { found: attempt, isElsewhere: false };
    }
  }
  return { found: undefined, isElsewhere: seen.size > 0 };
}

function isSooner(draft: Draft, { node, seconds }: LiveAttempt, lateMs: number, idleSlot: IdleSlot): boolean {
  const frameMs = expectedFrameMs(draft, idleSlot.node) ?? (seconds === null ? null : seconds * 1000);
  if (frameMs === null) return false;
  const restMs = Math.max(expectedFetchMs(draft, node) - lateMs, lateMs * draft.policy.overdueShare);
  return frameMs + expectedFetchMs(draft, idleSlot.node) < restMs;
}

/**
 * An overstaying attempt: its node has had it for so long that the frame is given to another one, even if it reports
 * progress. Otherwise two nodes that report progress for ever could keep a frame for ever.
 */
function overstaying(draft: Draft, idleSlot: IdleSlot, limit: number): Find {
  const leastMs = shortestProgressTimeout(draft);
  let candidates = 0;
  for (const [since, number] of draft.indices.held.values()) {
    if (draft.at - since <= leastMs || candidates++ >= limit) break;
    const attempt = draft.attempts.get(number);
    const record = attempt && draft.frames.get(attempt.frame);
    if (record && overstays(draft, attempt) && mayRace(draft, record, idleSlot))
      return { found: attempt, isElsewhere: false };
  }
  return { found: undefined, isElsewhere: candidates > 0 };
}

function overstays(draft: Draft, attempt: LiveAttempt): boolean {
  return draft.at - heldSince(attempt) > progressTimeoutOn(draft, attempt.node);
}

function heldSince({ progressedAt, startedAt, status }: LiveAttempt): number {
  return status === "running" ? (startedAt ?? progressedAt) : progressedAt;
}
