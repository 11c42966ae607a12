import type { NodeId } from "../../core/node.ts";
import { compareIds, noKeys, type SortedKeys } from "../collections/sorted-map.ts";
import { TimedSet } from "../collections/timed-set.ts";

type OfNode = readonly [NodeId, number];
type TimedNode = readonly [number, NodeId];

/**
 * Nodes and attempts in the orders in which the rules need them, so that no rule has to search all of them. They follow
 * entirely from the nodes, attempts and frames of the same state; see `filing.ts`. The last part of each key is the
 * item; the parts before it give the order.
 */
export interface Indices {
  /** Nodes that may work and have an idle slot and a frame time of their own, the fastest first. */
  readonly idle: SortedKeys<TimedNode>;
  /** Nodes that may work and have an idle slot, but have not stored a frame yet. */
  readonly unproven: SortedKeys<NodeId>;
  /** Running attempts without a waiting one in their slot, by the time when they are due. */
  readonly alone: TimedSet;
  /** Waiting attempts that may be moved, by the time when they would be due where they are. */
  readonly movable: TimedSet;
  /** Running attempts whose frame may have another attempt, by the time when they are due. */
  readonly raceable: TimedSet;
  /** Attempts that may not be raced or moved unless they overstay, by the time when their node got them. */
  readonly held: TimedSet;
  /** Attempts that run or should start, by the approximate time of their latest progress. */
  readonly silent: TimedSet;
  /** Withdrawn attempts that wait for the node's answer, by the time of the withdrawal. */
  readonly withdrawing: TimedSet;
  /** Disregarded attempts that still occupy their slot, by the time when they were disregarded. */
  readonly mute: TimedSet;
  /** Results: `[node, attempt]`. */
  readonly results: SortedKeys<OfNode>;
  /** Results whose bytes are being sent, by the time when they were asked for. */
  readonly coming: TimedSet;
  /** Nodes that are not barred and have a ready slot. */
  readonly ready: SortedKeys<NodeId>;
  /** Nodes that are not barred and have no ready slot, by the time since when. */
  readonly absent: SortedKeys<TimedNode>;
  /** Barred nodes, by the time since when. */
  readonly barred: SortedKeys<TimedNode>;
}

export type IndexName = keyof Indices;
export type KeyOf<Name extends IndexName> = Parameters<Indices[Name]["with"]>[0];

/** The indices of a state without nodes. */
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
