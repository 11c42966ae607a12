import type { NodeId } from "../../core/node.ts";
import { compareIds, noKeys, type SortedKeys } from "../collections/sorted-map.ts";
import { TimedSet } from "../collections/timed-set.ts";

type OfNode = readonly [NodeId, number];
type TimedNode = readonly [number, NodeId];

/**
 * Nodes, slots and attempts in the orders in which the rules look for them, so that no rule walks over all of them. All of it
 * follows from the nodes, attempts and frames of the same state, and from nothing else: `filing.ts` says how. The last part of
 * each key is the one that is looked for; what stands before it is its order.
 */
export interface Indices {
  /** Nodes that may work, have an idle slot and a frame time of their own, the fastest first. */
  readonly idle: SortedKeys<TimedNode>;
  /** Nodes that may work, have an idle slot and have not stored a frame yet. */
  readonly unproven: SortedKeys<NodeId>;
  /** Running attempts with nothing behind them in their slot, by when they are due. */
  readonly alone: TimedSet;
  /** Attempts that wait behind a running one and may be moved, by when they would be due where they are. */
  readonly movable: TimedSet;
  /** Running attempts whose frame may have one attempt more, by when they are due. */
  readonly raceable: TimedSet;
  /** What may neither be raced nor moved any more unless it overstays, by since when its node has it. */
  readonly held: TimedSet;
  /** Attempts that run or should begin, by a time shortly before their latest sign. */
  readonly silent: TimedSet;
  /** Attempts that were asked back and wait for the answer, by since when. */
  readonly withdrawing: TimedSet;
  /** Attempts that occupy their slot and that nobody counts on any more, by since when. */
  readonly mute: TimedSet;
  /** Results: `[node, attempt]`. */
  readonly results: SortedKeys<OfNode>;
  /** Results whose bytes are coming, by since when. */
  readonly coming: TimedSet;
  /** Nodes that are not barred and have a ready slot. */
  readonly ready: SortedKeys<NodeId>;
  /** Nodes that are not barred and have no ready slot, by since when. */
  readonly absent: SortedKeys<TimedNode>;
  /** Barred nodes, by since when. */
  readonly barred: SortedKeys<TimedNode>;
}

export type IndexName = keyof Indices;
export type KeyOf<Name extends IndexName> = Parameters<Indices[Name]["with"]>[0];

/** Of a state without nodes. */
export const noIndices: Indices = {
  idle: noKeys(compareTimedNodes),
  unproven: noKeys(compareIds),
  alone: TimedSet.empty,
  movable: TimedSet.empty,
  raceable: TimedSet.empty,
  held: TimedSet.empty,
  silent: TimedSet.empty,
  withdrawing: TimedSet.empty,
  mute: TimedSet.empty,
  results: noKeys(compareOfNode),
  coming: TimedSet.empty,
  ready: noKeys(compareIds),
  absent: noKeys(compareTimedNodes),
  barred: noKeys(compareTimedNodes),
};

function compareOfNode(one: OfNode, other: OfNode): number {
  return compareIds(one[0], other[0]) || one[1] - other[1];
}

function compareTimedNodes(one: TimedNode, other: TimedNode): number {
  return one[0] - other[0] || compareIds(one[1], other[1]);
}
