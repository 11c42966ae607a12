import type { Frame, NodeId, SlotId } from "../core/node.ts";
import type { FrameCounts } from "./state/frame-table.ts";
import { expectedFrameMs, expectedRestMs } from "./state/queries.ts";
import type { SchedulerState } from "./state/state.ts";

/** The frame that a slot renders. */
interface RunningFrame {
  readonly node: NodeId;
  readonly slot: SlotId;
  readonly frame: Frame;
  readonly attempt: number;
  /** For how long this run has known that it renders. */
  readonly runningMs: number;
}

interface NodeProgress {
  readonly node: NodeId;
  readonly isJoined: boolean;
  readonly isBarred: boolean;
  readonly readySlots: number;
  /** Frames of this run that this node rendered. */
  readonly stored: number;
  /** Median render time of its frames in this run, or null before the first one. */
  readonly medianFrameMs: number | null;
}

export interface Progress extends FrameCounts {
  readonly total: number;
  readonly running: readonly RunningFrame[];
  readonly nodes: readonly NodeProgress[];
  /** Expected time until the last frame is stored; null if no frame is finished or no slot is ready. */
  readonly etaMs: number | null;
  /** The shortest and the longest time that would be no surprise; null if there is no expected time. */
  readonly etaRangeMs: readonly [least: number, most: number] | null;
  readonly isDraining: boolean;
}

/**
 * The progress of the job, for people.
 *
 * @param at Now, on the scale of the events' `at`
 */
export function progressOf(state: SchedulerState, at: number): Progress {
  const running: RunningFrame[] = [];
  for (const { node, slot, frame, attempt, status, recall, startedAt } of state.attempts.values()) {
    if (status !== "running" || recall === "disregarded" || slot === null) continue;
    running.push({ node, slot, frame, attempt, runningMs: at - (startedAt ?? at) });
  }
  const nodes = [...state.nodes.values()].map(
    (node): NodeProgress => ({
      node: node.node,
      isJoined: node.isJoined,
      isBarred: node.barredAt !== null,
      readySlots: [...node.slots.values()].filter(({ isReady }) => isReady).length,
      stored: node.storedCount,
      medianFrameMs: node.frameMs.median,
    }),
  );
  const total = state.frames.size;
  const etaMs = etaOf(state, nodes, at);
  const etaRangeMs = etaMs === null ? null : rangeOf(state, etaMs);
  return { ...state.frames.counts, total, running, nodes, etaMs, etaRangeMs, isDraining: state.isDraining };
}

/** The remaining frames, divided by the frames that all slots finish per millisecond. */
function etaOf(state: SchedulerState, nodes: readonly NodeProgress[], at: number): number | null {
  const { active, queued } = state.frames.counts;
  if (active + queued === 0) return 0;
  let framesPerMs = 0;
  for (const { node, isBarred, readySlots } of nodes) {
    const frameMs = expectedFrameMs(state, node);
    if (!isBarred && frameMs !== null) framesPerMs += readySlots / Math.max(frameMs, 1);
  }
  if (framesPerMs === 0) return null;
  let framesLeft = queued + active;
  let longestRestMs = 0;
  const counted = new Set<Frame>();
  for (const attempt of state.attempts.values()) {
    if (attempt.recall === "disregarded" || attempt.status === "assigned" || counted.has(attempt.frame)) continue;
    counted.add(attempt.frame);
    const frameMs = expectedFrameMs(state, attempt.node) ?? 1;
    const restMs = attempt.status === "rendered" ? 0 : (expectedRestMs(state, attempt, at) ?? 0);
    framesLeft -= 1 - Math.min(1, restMs / Math.max(frameMs, 1));
    longestRestMs = Math.max(longestRestMs, restMs);
  }
  return Math.round(Math.max(framesLeft / framesPerMs, longestRestMs));
}

/** Before frames show how much their times differ, they are taken to differ by this share of their median … */
const usualSpread = 0.5;
/** … as if that many had been seen. */
const usualFrames = 3;
/** Frames to come may take longer or shorter than those before, however many these are. */
const drift = 0.05;

/** The range around an expected time: few frames so far, or few to come, and times that differ make it wide. */
function rangeOf(state: SchedulerState, etaMs: number): readonly [least: number, most: number] {
  const { active, queued } = state.frames.counts;
  let seen = 0;
  let squares = usualFrames * usualSpread ** 2;
  for (const { frameMs } of state.nodes.values()) {
    for (const ms of frameMs.latest) squares += (ms / Math.max(frameMs.median ?? ms, 1) - 1) ** 2;
    seen += frameMs.latest.length;
  }
  const spread = Math.sqrt(squares / (seen + usualFrames));
  const wrongBy = 1 + drift + 1.5 * spread * Math.sqrt(1 / Math.max(seen, 1) + 1 / Math.max(active + queued, 1));
  return [Math.round(etaMs / wrongBy), Math.round(etaMs * wrongBy)];
}
