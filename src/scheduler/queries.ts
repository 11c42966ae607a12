import type { NodeId } from "../core/node.ts";
import type { FrameRecord, Try } from "./frame-table.ts";
import type { SchedulingPolicy } from "./policy.ts";
import type { Attempt, FrameTimes, NodeRecord, SchedulerState } from "./state.ts";

/** What the questions below need to know; a state and a draft both have it. */
export type Known = Pick<SchedulerState, "attempts" | "frameMs" | "frames" | "nodes" | "policy">;

/**
 * Whether the node counts as one of the job's: not barred, and at work or away for so short that it is expected back.
 * Counting short absences keeps a link that breaks for seconds from leaving the whole job to a bad node.
 */
export function isUsable(node: NodeRecord, at: number, policy: SchedulingPolicy): boolean {
  if (node.barredAt !== null) return false;
  return node.unreadySince === null || at - node.unreadySince < policy.absenceMs;
}

export function failuresOf(record: FrameRecord): readonly Try[] {
  return record.tries.filter((entry) => entry.end === "failed");
}

export function hasFailedOn(record: FrameRecord, node: NodeId): boolean {
  return record.tries.some((entry) => entry.end === "failed" && entry.node === node);
}

/** Whether no usable node is left on which the frame has not failed. */
export function hasFailedEverywhere(known: Known, record: FrameRecord, at: number): boolean {
  let usableNodes = 0;
  for (const node of known.nodes.values()) {
    if (!isUsable(node, at, known.policy)) continue;
    if (!hasFailedOn(record, node.node)) return false;
    usableNodes++;
  }
  return usableNodes > 0;
}

/** A frame goes to a node on which it failed only when there is none left on which it has not. */
export function mayTake(known: Known, record: FrameRecord, node: NodeId, at: number): boolean {
  return !hasFailedOn(record, node) || hasFailedEverywhere(known, record, at);
}

/** The attempts that the frame counts on: those that have not ended and are not disregarded. */
export function liveAttempts(known: Known, record: FrameRecord): Attempt[] {
  const live: Attempt[] = [];
  for (const entry of record.tries) {
    const attempt = entry.end === "open" ? known.attempts.get(entry.attempt) : undefined;
    if (attempt) live.push(attempt);
  }
  return live;
}

/** How long a frame is expected to take on this node, or null before any frame is finished. */
export function expectedFrameMs(known: Known, node: NodeId): number | null {
  return known.nodes.get(node)?.frameMs.median ?? known.frameMs.median;
}

/**
 * How long the attempt is expected to need from now on, or null when nothing is known of frame times.
 * One that outran its time is expected to need a share of its age again: the longer it is silent, the less is hoped.
 */
export function expectedRestMs(known: Known, attempt: Attempt, at: number): number | null {
  const expectedMs = expectedFrameMs(known, attempt.node);
  if (expectedMs === null) return null;
  const ageMs = attempt.startedAt === null ? 0 : at - attempt.startedAt;
  return Math.max(expectedMs - ageMs, ageMs * known.policy.overdueShare);
}

/** Remembers one more frame time and forgets the oldest beyond the limit. */
export function rememberFrameTime(times: FrameTimes, frameMs: number, limit: number): FrameTimes {
  const latest = [...times.latest, frameMs].slice(-limit);
  const sorted = [...latest].sort((one, other) => one - other);
  return { latest, median: sorted[Math.floor(sorted.length / 2)] ?? null };
}
