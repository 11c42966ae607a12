import type { NodeId } from "../../core/node.ts";
import type { SchedulingPolicy } from "../policy.ts";
import type { FrameRecord, PastAttempt } from "./frame-table.ts";
import type { LiveAttempt, NodeRecord, RecentTimes, SchedulerState } from "./state.ts";

/** What the queries below need; both a state and a draft have it. */
export type Known = Pick<
  SchedulerState,
  "attempts" | "fetchMs" | "firstAttempt" | "frameMs" | "frames" | "indices" | "nodes" | "policy"
>;

/** Sorts after every node id, which consists of hexadecimal digits. */
const afterAnyNode = "\u{10ffff}";

/**
 * Whether the node is usable: not barred, and working, or away for so short a time that it is expected back. Short
 * absences count, so that a link that breaks for some seconds does not leave the whole job to a bad node.
 */
export function isUsable(node: NodeRecord, at: number, policy: SchedulingPolicy): boolean {
  if (node.barredAt !== null) return false;
  return node.unreadySince === null || at - node.unreadySince < policy.absenceMs;
}

/** How many nodes are usable. */
export function usableNodes({ indices: { ready, absent }, policy }: Known, at: number): number {
  // Of the absent nodes, only those that left recently count.
  return ready.size + absent.size - absent.countBefore([at - policy.absenceMs, afterAnyNode]);
}

/** All attempts of a node, in the order of their numbers. */
export function attemptsOf(known: Known, node: NodeId): LiveAttempt[] {
  const slots = [...(known.nodes.get(node)?.slots.values() ?? [])];
  const numbers = [
    ...slots.flatMap(({ running, assigned }) => [running ?? [], assigned ?? []].flat()),
    ...resultsOf(known, node),
  ];
  return numbers.sort((one, other) => one - other).flatMap((number) => known.attempts.get(number) ?? []);
}

/** The attempt numbers of the results that a node has, in order. */
export function* resultsOf({ indices: { results } }: Known, node: NodeId): Generator<number, undefined> {
  for (const [owner, attempt] of results.from([node, Number.NEGATIVE_INFINITY])) {
    if (owner !== node) return;
    yield attempt;
  }
}

/** The attempts of this run. Those of earlier runs do not count against the frame: a node may have made them up. */
export function historyOfThisRun({ firstAttempt }: Known, { history }: FrameRecord): readonly PastAttempt[] {
  return history.filter(({ attempt }) => attempt >= firstAttempt);
}

/** How often the attempt was lost while it ran, or its result while it was fetched. */
export function lossesOf({ end, hasStarted, refetches }: PastAttempt): number {
  return hasStarted ? refetches + (end === "lost" ? 1 : 0) : 0;
}

/** Whether the node has had its chance at the frame: it failed there, or was lost there too often. */
export function isSpentOn(known: Known, record: FrameRecord, node: NodeId): boolean {
  const history = historyOfThisRun(known, record).filter((entry) => entry.node === node);
  if (history.some(({ end }) => end === "failed")) return true;
  return history.reduce((losses, entry) => losses + lossesOf(entry), 0) >= known.policy.lossesOnANode;
}

/** Whether the frame has had its chance on all usable nodes. */
export function isSpentEverywhere(known: Known, record: FrameRecord, at: number): boolean {
  const usable = usableNodes(known, at);
  let spent = 0;
  // Only nodes that have had the frame can have had their chance; the others need not be checked.
  for (const id of new Set(historyOfThisRun(known, record).map(({ node }) => node))) {
    const node = known.nodes.get(id);
    if (node && isUsable(node, at, known.policy) && isSpentOn(known, record, id)) spent++;
  }
  return usable > 0 && spent === usable;
}

/** Whether the node may take the frame. A node that has had its chance may only if all usable nodes have. */
export function mayTake(known: Known, record: FrameRecord, node: NodeId, at: number): boolean {
  if (record.history.length === 0) return true;
  return !isSpentOn(known, record, node) || isSpentEverywhere(known, record, at);
}

/** The attempts that the frame waits for: those that have not ended and are not disregarded. */
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
 * How much longer the attempt is expected to run, or null if no frame time is known. An attempt that exceeded its time
 * is expected to need a fraction of its age in addition, so the expectation gets worse with time.
 */
export function expectedRestMs(known: Known, attempt: LiveAttempt, at: number): number | null {
  const expectedMs = expectedFrameMs(known, attempt.node);
  if (expectedMs === null) return null;
  const ageMs = attempt.startedAt === null ? 0 : at - attempt.startedAt;
  return Math.max(expectedMs - ageMs, ageMs * known.policy.overdueShare);
}

/**
 * How long a result of this node is expected to take from the end of the render until it is stored; 0 before the first.
 */
export function expectedFetchMs(known: Known, node: NodeId): number {
  return known.nodes.get(node)?.fetchMs.median ?? known.fetchMs.median ?? 0;
}

/** The shortest progress timeout of any node. */
export function shortestProgressTimeout({ frameMs, policy }: Known): number {
  return Math.max(policy.progressTimeoutMs, policy.progressTimeoutFrames * (frameMs.median ?? 0));
}

/**
 * How long an attempt on this node may be silent: a multiple of the node's or the job's median, whichever is slower.
 */
export function progressTimeoutOn(known: Known, node: NodeId): number {
  return Math.max(
    shortestProgressTimeout(known),
    known.policy.progressTimeoutFrames * (known.nodes.get(node)?.frameMs.median ?? 0),
  );
}

/** Adds a time, and drops the oldest ones beyond the limit. */
export function rememberTime(times: RecentTimes, ms: number, limit: number): RecentTimes {
  const latest = [...times.latest, ms].slice(-limit);
  const sorted = [...latest].sort((one, other) => one - other);
  return { latest, median: sorted[Math.floor(sorted.length / 2)] ?? null };
}
