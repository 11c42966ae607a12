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

/** After an event it is left at so many nodes that find nothing, and at so many attempts that one of them may not take … */
const mostLooks = 8;
/** … and after a tick at so many: a frame had its chance on fewer nodes (`attemptsPerFrame`), so the next one may take it. */
const mostLooksAtTick = 80;

/**
 * Uses slots that found no frame in the queue. Each first has a waiting attempt of a busy slot handed over; where there
 * is none, it races an attempt that is expected to end later than a new one begun here.
 *
 * @param idleSlots The fastest first: what is too late for one of them is too late for those after it
 * @param isTick Whether only time passed: that alone makes a result late, and is when more is looked at
 */
export function stealOrSpeculate(draft: Draft, idleSlots: Iterable<IdleSlot>, isTick: boolean): void {
  const { coming, held, movable: waiting, raceable: running, withdrawing } = draft.indices;
  if (coming.size + held.size + waiting.size + running.size === 0) return;
  // A frame that is already on its way back to the queue will need one of these slots.
  let expected = withdrawing.size;
  const looks = isTick ? mostLooksAtTick : mostLooks;
  /** Nodes that may not take what there is: another slot of theirs may not either. */
  const failed = new Set<NodeId>();
  for (const idleSlot of idleSlots) {
    if (expected-- > 0 || failed.has(idleSlot.node)) continue;
    const moved = latest(draft, draft.indices.movable, looks, (attempt) => movable(draft, attempt, idleSlot));
    if (moved.found) {
      withdraw(draft, moved.found);
      continue;
    }
    const raced = draft.isDraining ? noFind : racedBy(draft, idleSlot, looks, isTick);
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
    if (failed.size >= looks) return;
  }
}

/** What a place may do, and else whether a slower one of another node might. */
interface Find {
  readonly found: LiveAttempt | undefined;
  readonly isElsewhere: boolean;
}

const noFind: Find = { found: undefined, isElsewhere: false };

function racedBy(draft: Draft, idleSlot: IdleSlot, looks: number, isTick: boolean): Find {
  const running = latest(draft, draft.indices.raceable, looks, (attempt) => raceable(draft, attempt, idleSlot));
  if (running.found) return running;
  const other = overstaying(draft, idleSlot, looks);
  if (other.found || !isTick) return { ...other, isElsewhere: other.isElsewhere || running.isElsewhere };
  const late = lateResult(draft, idleSlot);
  return { ...late, isElsewhere: late.isElsewhere || other.isElsewhere || running.isElsewhere };
}

/** `too-soon`: it will have ended before. `not-here`: it may not be had here, whenever it ends. */
type Gain = number | "too-soon" | "not-here";

/**
 * The attempt that will end last of those which the place could end sooner. It is among those that are due last, or, where
 * attempts outran their time, among those that are due longest.
 */
function latest(draft: Draft, index: TimedSet, mostLooks: number, gainOf: (attempt: LiveAttempt) => Gain): Find {
  if (index.size === 0) return noFind;
  let found: LiveAttempt | undefined;
  let latestMs = Number.NEGATIVE_INFINITY;
  let isElsewhere = false;
  for (const keys of [index.before(), index.values()]) {
    let looks = 0;
    for (const [, number] of keys) {
      const attempt = draft.attempts.get(number);
      const gain = attempt ? gainOf(attempt) : "not-here";
      if (typeof gain === "number" && gain > latestMs) [found, latestMs] = [attempt, gain];
      isElsewhere ||= gain === "not-here";
      if (gain !== "not-here" || ++looks >= mostLooks) break;
    }
  }
  return { found, isElsewhere };
}

/** When an attempt that waits behind a running one would end, if it should rather be moved to the place. */
function movable(draft: Draft, attempt: LiveAttempt, idleSlot: IdleSlot): Gain {
  const slot = attempt.slot === null ? undefined : draft.nodes.get(attempt.node)?.slots.get(attempt.slot);
  const before = slot?.running == null ? undefined : draft.attempts.get(slot.running);
  const record = draft.frames.get(attempt.frame);
  if (before?.recall !== "none" || !record || !mayTake(draft, record, idleSlot.node, draft.at)) return "not-here";
  if (movesOf(record) >= draft.policy.movesPerFrame) return "not-here";
  const restMs = expectedRestMs(draft, before, draft.at);
  const thereMs = expectedFrameMs(draft, attempt.node);
  // Before any frame time is known, to start at once is all that can be said for a slot, and it is enough.
  if (restMs === null || thereMs === null) return 0;
  return idleSlot.expectedMs < restMs + thereMs ? restMs + thereMs : "too-soon";
}

/** When a running attempt will end, if another one at the place is expected to end sooner. */
function raceable(draft: Draft, attempt: LiveAttempt, idleSlot: IdleSlot): Gain {
  const record = draft.frames.get(attempt.frame);
  if (!record || !mayRace(draft, record, idleSlot)) return "not-here";
  if (overstays(draft, attempt)) return draft.at - heldSince(attempt);
  const restMs = expectedRestMs(draft, attempt, draft.at);
  return restMs !== null && idleSlot.expectedMs < restMs ? restMs : "too-soon";
}

/** Whether one attempt more at the frame may begin at the place. One that overstays leaves room for another. */
function mayRace(draft: Draft, record: FrameRecord, idleSlot: IdleSlot): boolean {
  if (isSpentOn(draft, record, idleSlot.node)) return false;
  const live = liveAttempts(draft, record);
  // Another slot of the same machine is no faster, and would slow both.
  if (live.some(({ node }) => node === idleSlot.node)) return false;
  if (live.filter((other) => !overstays(draft, other)).length >= draft.policy.liveAttemptsPerFrame) return false;
  return historyOfThisRun(draft, record).filter(({ hasStarted }) => hasStarted).length < draft.policy.attemptsPerFrame;
}

/**
 * A result that the place would have here sooner. A node sends one result after the other, so all that it holds is as late
 * as the one it has been sending for longest. What waits for us, or has come and is not stored yet, is late by our own doing,
 * and to render it again would make us later still.
 */
function lateResult(draft: Draft, idleSlot: IdleSlot): Find {
  const seen = new Set<NodeId>();
  for (const [since, number] of draft.indices.coming.values()) {
    const lateMs = draft.at - since;
    if (lateMs <= draft.policy.fetchGraceMs) break;
    const node = draft.attempts.get(number)?.node;
    if (node === undefined || seen.has(node)) continue;
    seen.add(node);
    let looks = 0;
    for (const result of resultsOf(draft, node)) {
      if (looks++ >= mostLooks) break; // those before it are raced already, and are gone when that has ended
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
 * An attempt that was had for so long that nothing is hoped of it, whatever it shows of progress: else two nodes that show
 * some for ever could keep a frame for ever.
 */
function overstaying(draft: Draft, idleSlot: IdleSlot, mostLooks: number): Find {
  const leastMs = shortestProgressTimeout(draft);
  let looks = 0;
  for (const [since, number] of draft.indices.held.values()) {
    if (draft.at - since <= leastMs || looks++ >= mostLooks) break;
    const attempt = draft.attempts.get(number);
    const record = attempt && draft.frames.get(attempt.frame);
    if (record && overstays(draft, attempt) && mayRace(draft, record, idleSlot))
      return { found: attempt, isElsewhere: false };
  }
  return { found: undefined, isElsewhere: looks > 0 };
}

function overstays(draft: Draft, attempt: LiveAttempt): boolean {
  return draft.at - heldSince(attempt) > progressTimeoutOn(draft, attempt.node);
}

function heldSince({ progressedAt, startedAt, status }: LiveAttempt): number {
  return status === "running" ? (startedAt ?? progressedAt) : progressedAt;
}
