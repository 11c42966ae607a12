import type { NodeId, SlotId } from "../../core/node.ts";
import type { FrameRecord } from "./frame-table.ts";
import type { IndexName, Indices, KeyOf } from "./indices.ts";
import type { LiveAttempt, NodeRecord, SchedulerState } from "./state.ts";

/** Progress reports are frequent. Those within the same interval share an index key, so that it rarely changes. */
const progressIntervalMs = 30_000;

/** The parts of a state that determine the indices. */
export type Filed = Pick<SchedulerState, "attempts" | "firstAttempt" | "frames" | "nodes" | "policy">;

/** What may have changed in the indices. Listing more than that does no harm. */
export interface Touched {
  readonly nodes: ReadonlySet<NodeId>;
  readonly slots: readonly (readonly [NodeId, SlotId])[];
  readonly attempts: Set<number>;
}

/** One entry: the index and the key. */
export type Filing = { readonly [Name in IndexName]: readonly [Name, KeyOf<Name>] }[IndexName];

/** Updates the indices after a change. */
export function refiled(indices: Indices, was: Filed, is: Filed, touched: Touched): Indices {
  const next = opened(indices);
  for (const node of touched.nodes) replace(next, filingsOfNode(was, node), filingsOfNode(is, node));
  for (const [node, slot] of touched.slots) {
    // Attempts in one slot affect each other: one waits behind the other.
    for (const known of [was, is]) {
      const { running, assigned } = known.nodes.get(node)?.slots.get(slot) ?? {};
      if (running != null) touched.attempts.add(running);
      if (assigned != null) touched.attempts.add(assigned);
    }
  }
  for (const attempt of touched.attempts) replace(next, filingsOfAttempt(was, attempt), filingsOfAttempt(is, attempt));
  return next as unknown as Indices;
}

/** All entries that the indices should have, computed from the whole state: for tests. */
export function allFilings(known: Filed): Filing[] {
  const filings: Filing[] = [];
  for (const node of known.nodes.keys()) filings.push(...filingsOfNode(known, node));
  for (const attempt of known.attempts.keys()) filings.push(...filingsOfAttempt(known, attempt));
  return filings;
}

function filingsOfNode({ nodes }: Filed, id: NodeId): Filing[] {
  const node = nodes.get(id);
  if (!node) return [];
  const { barredAt, frameMs, unreadySince } = node;
  if (barredAt !== null) return [["barred", [barredAt, id]]];
  if (unreadySince !== null) return [["absent", [unreadySince, id]]];
  const ready: Filing = ["ready", id];
  if (idleSlotsOf(node).next().done) return [ready];
  return [ready, frameMs.median === null ? ["unproven", id] : ["idle", [frameMs.median, id]]];
}

function filingsOfAttempt(known: Filed, number: number): Filing[] {
  const attempt = known.attempts.get(number);
  if (!attempt) return [];
  const { recall, status, progressedAt } = attempt;
  if (recall === "withdrawing") return [["withdrawing", [progressedAt, number]]];
  if (recall === "disregarded") return [["mute", [progressedAt, number]]];
  if (status === "running") return filingsOfRunning(known, attempt);
  return status === "assigned" ? filingsOfAssigned(known, attempt) : filingsOfResult(attempt);
}

function filingsOfRunning(known: Filed, attempt: LiveAttempt): Filing[] {
  const { attempt: number, dueAt, progressedAt, startedAt } = attempt;
  const filings: Filing[] = [["silent", [progressKeyOf(attempt), number]]];
  if (slotOf(known, attempt)?.assigned === null) filings.push(["alone", [dueAt, number]]);
  if (mayHaveOneMore(known, attempt)) filings.push(["raceable", [dueAt, number]]);
  else filings.push(["held", [startedAt ?? progressedAt, number]]);
  return filings;
}

function filingsOfAssigned(known: Filed, attempt: LiveAttempt): Filing[] {
  const { attempt: number, progressedAt } = attempt;
  const running = slotOf(known, attempt)?.running ?? null;
  if (running === null)
    return [
      ["silent", [progressKeyOf(attempt), number]],
      ["held", [progressedAt, number]],
    ];
  const before = known.attempts.get(running);
  const record = known.frames.get(attempt.frame);
  if (before?.recall !== "none" || !record || movesOf(record) >= known.policy.movesPerFrame) {
    return [["held", [progressedAt, number]]];
  }
  // It is expected to take as long there as the one before it.
  const frameMs = before.dueAt - (before.startedAt ?? before.dueAt);
  return [["movable", [before.dueAt + frameMs, number]]];
}

function filingsOfResult({ attempt, fetchedAt, isHere, node }: LiveAttempt): Filing[] {
  const held: Filing = ["results", [node, attempt]];
  return fetchedAt === null || isHere ? [held] : [held, ["coming", [fetchedAt, attempt]]];
}

/** The slots of a node that could start an attempt now. */
export function* idleSlotsOf({ slots }: NodeRecord): Generator<SlotId, undefined> {
  for (const { slot, isReady, running, assigned } of slots.values()) {
    if (isReady && running === null && assigned === null) yield slot;
  }
}

/** The time of its latest progress, rounded down to an interval. */
function progressKeyOf({ progressedAt }: LiveAttempt): number {
  return progressedAt - (progressedAt % progressIntervalMs);
}

function slotOf({ nodes }: Filed, { node, slot }: LiveAttempt) {
  return slot === null ? undefined : nodes.get(node)?.slots.get(slot);
}

/** How often an attempt at the frame was moved to another slot. */
export function movesOf({ history }: FrameRecord): number {
  return history.reduce((moves, { end }) => moves + Number(end === "withdrawn"), 0);
}

/** Whether the frame has fewer live attempts, and fewer started ones, than allowed. */
function mayHaveOneMore({ frames, firstAttempt, policy }: Filed, { frame }: LiveAttempt): boolean {
  let [live, started] = [0, 0];
  for (const { attempt, end, hasStarted } of frames.get(frame)?.history ?? []) {
    if (end === "open") live++;
    if (hasStarted && attempt >= firstAttempt) started++;
  }
  return live < policy.liveAttemptsPerFrame && started < policy.attemptsPerFrame;
}

type AnyKey = Filing[1];
type OpenIndices = Record<IndexName, AnyIndex>;

/** What all indices have in common, apart from the type of the key. */
interface AnyIndex {
  with(key: AnyKey): AnyIndex;
  without(key: AnyKey): AnyIndex;
}

/** A mutable copy. The compiler has checked that each key fits its index where the entry was made. */
function opened(indices: Indices): OpenIndices {
  return { ...indices } as unknown as OpenIndices;
}

function replace(indices: OpenIndices, was: readonly Filing[], is: readonly Filing[]): void {
  for (const filing of was) if (!holds(is, filing)) indices[filing[0]] = indices[filing[0]].without(filing[1]);
  for (const filing of is) if (!holds(was, filing)) indices[filing[0]] = indices[filing[0]].with(filing[1]);
}

function holds(filings: readonly Filing[], [name, key]: Filing): boolean {
  for (const [otherName, otherKey] of filings) if (otherName === name && isSameKey(otherKey, key)) return true;
  return false;
}

function isSameKey(one: AnyKey, other: AnyKey): boolean {
  if (typeof one === "string" || typeof other === "string") return one === other;
  return one[0] === other[0] && one[1] === other[1];
}
