import type { Frame, NodeId, SlotId } from "../../core/node.ts";
import type { SortedMap } from "../collections/sorted-map.ts";
import type { Instruction, InstructionBody, SchedulerEvent } from "../events.ts";
import type { SchedulingPolicy } from "../policy.ts";
import { type Filed, refiled } from "./filing.ts";
import type { FrameRecord, FrameTable, PastAttempt } from "./frame-table.ts";
import type { Indices } from "./indices.ts";
import type { LiveAttempt, NodeRecord, RecentTimes, SchedulerState, Slot } from "./state.ts";

/**
 * The working copy of one step: the rules read it like a state and write to it, and it becomes the new state.
 *
 * The original state is never changed. Nodes, attempts and frames are in immutable tables that share the unchanged
 * parts, and the indices are updated when a rule reads them, from what was touched since. So the cost of a step depends
 * on what it changes, not on the size of the job.
 */
export class Draft {
  readonly at: number;
  readonly policy: SchedulingPolicy;
  nextAttempt: number;
  frameMs: RecentTimes;
  fetchMs: RecentTimes;
  lastStored: SchedulerState["lastStored"];
  trial: ReadonlySet<Frame> | null;
  isDraining: boolean;
  isFinished: boolean;
  readonly #base: SchedulerState;
  readonly #cause: number;
  readonly #instructions: Instruction[] = [];
  #frames: FrameTable;
  #nodes: SortedMap<NodeId, NodeRecord>;
  #attempts: SortedMap<number, LiveAttempt>;
  #indices: Indices;
  /** The state that the indices describe, and what was touched since. */
  #filed: Filed;
  #touched = nothingTouched();
  #sceneCodes: ReadonlySet<string>;

  constructor(base: SchedulerState, event: Pick<SchedulerEvent, "at" | "seq">) {
    this.at = event.at;
    this.policy = base.policy;
    this.nextAttempt = base.nextAttempt;
    this.frameMs = base.frameMs;
    this.fetchMs = base.fetchMs;
    this.lastStored = base.lastStored;
    this.trial = base.trial;
    this.isDraining = base.isDraining;
    this.isFinished = base.isFinished;
    this.#base = base;
    this.#frames = base.frames;
    this.#nodes = base.nodes;
    this.#attempts = base.attempts;
    this.#indices = base.indices;
    this.#filed = base;
    this.#cause = event.seq;
    this.#sceneCodes = base.sceneCodes;
  }

  get frames(): FrameTable {
    return this.#frames;
  }

  get nodes(): SortedMap<NodeId, NodeRecord> {
    return this.#nodes;
  }

  get attempts(): SortedMap<number, LiveAttempt> {
    return this.#attempts;
  }

  get indices(): Indices {
    const { nodes, slots, attempts } = this.#touched;
    if (nodes.size + slots.length + attempts.size === 0) return this.#indices;
    const { firstAttempt, policy } = this;
    const filed = { attempts: this.#attempts, firstAttempt, frames: this.#frames, nodes: this.#nodes, policy };
    this.#indices = refiled(this.#indices, this.#filed, filed, this.#touched);
    this.#filed = filed;
    this.#touched = nothingTouched();
    return this.#indices;
  }

  get sceneCodes(): ReadonlySet<string> {
    return this.#sceneCodes;
  }

  get firstAttempt(): number {
    return this.#base.firstAttempt;
  }

  get handsOutFrom(): number {
    return this.#base.handsOutFrom;
  }

  emit(instruction: InstructionBody): void {
    this.#instructions.push({ ...instruction, cause: this.#cause });
  }

  setNode(node: NodeRecord): void {
    const { node: id, slots } = node;
    const former = this.#nodes.get(id);
    this.#nodes = this.#nodes.with(node);
    this.#touched.nodes.add(id);
    if (former?.slots === slots) return;
    for (const table of [former?.slots, slots]) {
      for (const slot of table?.keys() ?? []) this.#touched.slots.push([id, slot]);
    }
  }

  /** Changes a node, if it is known. */
  changeNode(id: NodeId, change: Partial<NodeRecord>): void {
    const node = this.nodes.get(id);
    if (node) this.setNode({ ...node, ...change });
  }

  changeSlot(id: NodeId, slotId: SlotId, change: Partial<Slot>): void {
    const node = this.nodes.get(id);
    const slot = node?.slots.get(slotId);
    if (!node || !slot) return;
    this.#nodes = this.#nodes.with({ ...node, slots: node.slots.with({ ...slot, ...change }) });
    this.#touched.nodes.add(id);
    this.#touched.slots.push([id, slotId]);
  }

  setAttempt(attempt: LiveAttempt): void {
    const former = this.#attempts.get(attempt.attempt);
    this.#attempts = this.#attempts.with(attempt);
    this.#touched.attempts.add(attempt.attempt);
    if (former?.status !== attempt.status || former.recall !== attempt.recall) this.#touchSlotOf(attempt);
  }

  deleteAttempt(number: number): void {
    const attempt = this.#attempts.get(number);
    this.#attempts = this.#attempts.without(number);
    this.#touched.attempts.add(number);
    if (attempt) this.#touchSlotOf(attempt);
  }

  setFrame(record: FrameRecord): void {
    for (const { history } of [this.#frames.get(record.frame) ?? record, record]) {
      for (const { attempt, end } of history) if (end === "open") this.#touched.attempts.add(attempt);
    }
    this.#frames = this.#frames.with(record);
  }

  /** Changes the record of one attempt at a frame. */
  changePastAttempt(frame: Frame, attempt: number, change: Partial<PastAttempt>): void {
    const record = this.frames.get(frame);
    if (!record) return;
    const history = record.history.map((entry) => (entry.attempt === attempt ? { ...entry, ...change } : entry));
    this.setFrame({ ...record, history });
  }

  blameScene(code: string): void {
    this.#sceneCodes = new Set([...this.#sceneCodes, code]);
  }

  finish(): { readonly state: SchedulerState; readonly instructions: readonly Instruction[] } {
    const state: SchedulerState = {
      policy: this.policy,
      frames: this.frames,
      nodes: this.nodes,
      attempts: this.attempts,
      indices: this.indices,
      firstAttempt: this.firstAttempt,
      handsOutFrom: this.handsOutFrom,
      nextAttempt: this.nextAttempt,
      frameMs: this.frameMs,
      fetchMs: this.fetchMs,
      lastStored: this.lastStored,
      sceneCodes: this.sceneCodes,
      trial: this.trial,
      isDraining: this.isDraining,
      isFinished: this.isFinished,
    };
    return { state, instructions: this.#instructions };
  }

  /** The index keys of its neighbours in the slot depend on it too. A result is not in a slot. */
  #touchSlotOf({ node, slot, status }: LiveAttempt): void {
    if (slot !== null && status !== "rendered") this.#touched.slots.push([node, slot]);
  }
}

function nothingTouched() {
  return {
    nodes: new Set<NodeId>(),
    slots: [] as [NodeId, SlotId][],
    attempts: new Set<number>(),
  };
}
