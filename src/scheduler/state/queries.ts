import type { NodeId } from "../../core/node.ts";
import type { SchedulingPolicy } from "../policy.ts";
import type { FrameRecord, PastAttempt } from "./frame-table.ts";
import type { LiveAttempt, NodeRecord, RecentTimes, SchedulerState } from "./state.ts";

/** What the questions below need to know; a state and a draft both have it. */
export type Known = Pick<
  SchedulerState,
  "attempts" | "fetchMs" | "firstAttempt" | "frameMs" | "frames" | "indices" | "nodes" | "policy"
>;

/** Comes after every node's id, which is of hexadecimal digits. */
const afterAnyNode = "\u{10ffff}";

/**
 * Whether the node counts as one of the job's: not barred, and at work or away for so short that it is expected back.
 * Counting short absences keeps a link that breaks for seconds from leaving the whole job to a bad node.
 */
export function isUsable(node: NodeRecord, at: number, policy: SchedulingPolicy): boolean {
  if (node.barredAt !== null) return false;
  return node.unreadySince === null || at - node.unreadySince < policy.absenceMs;
}

/** How many nodes count as the job's. */
export function usableNodes({ indices: { ready, absent }, policy }: Known, at: number): number {
  // Of those that are away, the ones that went less than so long ago.
  return ready.size + absent.size - absent.countBefore([at - policy.absenceMs, afterAnyNode]);
}

/** All attempts that a node has, in the order of their numbers. */
export function attemptsOf(known: Known, node: NodeId): LiveAttempt[] {
  const slots = [...(known.nodes.get(node)?.slots.values() ?? [])];
  const numbers = [
    ...slots.flatMap(({ running, assigned }) => [running ?? [], assigned ?? []].flat()),
    ...resultsOf(known, node),
  ];
  return numbers.sort((one, other) => one - other).flatMap((number) => known.attempts.get(number) ?? []);
}

/** The numbers of the results that a node holds, in their order. */
export function* resultsOf({ indices: { results } }: Known, node: NodeId): Generator<number, undefined> {
  for (const [owner, attempt] of results.from([node, Number.NEGATIVE_INFINITY])) {
    if (owner !== node) return;
    yield attempt;
  }
}

/** The tries of this run. What a node says of an earlier one cannot be held against the frame: it may be invented. */
export function historyOfThisRun({ firstAttempt }: Known, { history }: FrameRecord): readonly PastAttempt[] {
  return history.filter(({ attempt }) => attempt >= firstAttempt);
}

/** How often the try was lost while it ran, or its result while it was fetched. */
export function lossesOf({ end, hasStarted, refetches }: PastAttempt): number {
  return hasStarted ? refetches + (end === "lost" ? 1 : 0) : 0;
}

/** Whether the node had its chance at the frame: it failed there, or was lost there too often. */
export function isSpentOn(known: Known, record: FrameRecord, node: NodeId): boolean {
  const history = historyOfThisRun(known, record).filter((entry) => entry.node === node);
  if (history.some(({ end }) => end === "failed")) return true;
  return history.reduce((losses, entry) => losses + lossesOf(entry), 0) >= known.policy.lossesOnANode;
}

/** Whether no usable node is left on which the frame has not had its chance. */
export function isSpentEverywhere(known: Known, record: FrameRecord, at: number): boolean {
  const usable = usableNodes(known, at);
  let spent = 0;
  // Its chances were on the nodes that had it: the others need no look.
  for (const id of new Set(historyOfThisRun(known, record).map(({ node }) => node))) {
    const node = known.nodes.get(id);
    if (node && isUsable(node, at, known.policy) && isSpentOn(known, record, id)) spent++;
  }
  return usable > 0 && spent === usable;
}

/** A frame goes to a node on which it had its chance only when there is none left on which it has not. */
export function mayTake(known: Known, record: FrameRecord, node: NodeId, at: number): boolean {
  if (record.history.length === 0) return true;
  return !isSpentOn(known, record, node) || isSpentEverywhere(known, record, at);
}

/** The attempts that the frame counts on: those that have not ended and are not disregarded. */
export function liveAttempts(known: Known, record: FrameRecord): LiveAttempt[] {
  const live: LiveAttempt[] = [];
  for (const entry of record.history) {
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
export function expectedRestMs(known: Known, attempt: LiveAttempt, at: number): number | null {
  const expectedMs = expectedFrameMs(known, attempt.node);
  if (expectedMs === null) return null;
  const ageMs = attempt.startedAt === null ? 0 : at - attempt.startedAt;
  return Math.max(expectedMs - ageMs, ageMs * known.policy.overdueShare);
}

/** How long a result of this node is expected to take from its being there to its being stored; 0 before any was. */
export function expectedFetchMs(known: Known, node: NodeId): number {
  return known.nodes.get(node)?.fetchMs.median ?? known.fetchMs.median ?? 0;
}

/** How long any attempt may be silent at the least, whatever its node. */
export function shortestProgressTimeout({ frameMs, policy }: Known): number {
  return Math.max(policy.progressTimeoutMs, policy.progressTimeoutFrames * (frameMs.median ?? 0));
}

/** How long an attempt may be silent. Frames of one job differ, and nodes do: a multiple of the slower of both medians. */
export function progressTimeoutOn(known: Known, node: NodeId): number {
  return Math.max(
    shortestProgressTimeout(known),
    known.policy.progressTimeoutFrames * (known.nodes.get(node)?.frameMs.median ?? 0),
  );
}

/** Remembers one more time and forgets the oldest beyond the limit. */
export function rememberTime(times: RecentTimes, ms: number, limit: number): RecentTimes {
  const latest = [...times.latest, ms].slice(-limit);
  const sorted = [...latest].sort((one, other) => one - other);
  return { latest, median: sorted[Math.floor(sorted.length / 2)] ?? null };
}
