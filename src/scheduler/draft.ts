import type { Frame, NodeId, SlotId } from "../core/node.ts";
import type { Instruction, InstructionBody, SchedulerEvent } from "./events.ts";
import type { FrameRecord, FrameTable, Try } from "./frame-table.ts";
import type { SchedulingPolicy } from "./policy.ts";
import type { Attempt, NodeRecord, RecentTimes, SchedulerState, Slot } from "./state.ts";

/**
 * The work of one step: reads like a state, is written to by the rules, and ends as a new state.
 *
 * The state it began with is never changed: the small tables (nodes, attempts) are copied before their first change, the
 * frames are an immutable table of their own. So a step costs what it changes, not what the job holds.
 */
export class Draft {
  readonly at: number;
  readonly policy: SchedulingPolicy;
  frames: FrameTable;
  nextAttempt: number;
  frameMs: RecentTimes;
  fetchMs: RecentTimes;
  isDraining: boolean;
  isFinished: boolean;
  readonly #base: SchedulerState;
  readonly #cause: number;
  readonly #instructions: Instruction[] = [];
  #nodes: Map<NodeId, NodeRecord> | undefined;
  #attempts: Map<number, Attempt> | undefined;
  #sceneCodes: ReadonlySet<string>;

  constructor(base: SchedulerState, event: Pick<SchedulerEvent, "at" | "seq">) {
    this.at = event.at;
    this.policy = base.policy;
    this.frames = base.frames;
    this.nextAttempt = base.nextAttempt;
    this.frameMs = base.frameMs;
    this.fetchMs = base.fetchMs;
    this.isDraining = base.isDraining;
    this.isFinished = base.isFinished;
    this.#base = base;
    this.#cause = event.seq;
    this.#sceneCodes = base.sceneCodes;
  }

  get nodes(): ReadonlyMap<NodeId, NodeRecord> {
    return this.#nodes ?? this.#base.nodes;
  }

  get attempts(): ReadonlyMap<number, Attempt> {
    return this.#attempts ?? this.#base.attempts;
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
    this.#nodes ??= new Map(this.#base.nodes);
    this.#nodes.set(node.node, node);
  }

  /** Changes a node that is known; one that is not stays unknown. */
  changeNode(id: NodeId, change: Partial<NodeRecord>): void {
    const node = this.nodes.get(id);
    if (node) this.setNode({ ...node, ...change });
  }

  changeSlot(id: NodeId, slotId: SlotId, change: Partial<Slot>): void {
    const node = this.nodes.get(id);
    const slot = node?.slots.get(slotId);
    if (node && slot) this.setNode({ ...node, slots: new Map(node.slots).set(slotId, { ...slot, ...change }) });
  }

  setAttempt(attempt: Attempt): void {
    this.#attempts ??= new Map(this.#base.attempts);
    this.#attempts.set(attempt.attempt, attempt);
  }

  deleteAttempt(attempt: number): void {
    this.#attempts ??= new Map(this.#base.attempts);
    this.#attempts.delete(attempt);
  }

  setFrame(record: FrameRecord): void {
    this.frames = this.frames.with(record);
  }

  /** Changes what is remembered of one attempt of a frame. */
  changeTry(frame: Frame, attempt: number, change: Partial<Try>): void {
    const record = this.frames.get(frame);
    if (!record) return;
    const tries = record.tries.map((entry) => (entry.attempt === attempt ? { ...entry, ...change } : entry));
    this.setFrame({ ...record, tries });
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
      firstAttempt: this.firstAttempt,
      handsOutFrom: this.handsOutFrom,
      nextAttempt: this.nextAttempt,
      frameMs: this.frameMs,
      fetchMs: this.fetchMs,
      sceneCodes: this.sceneCodes,
      isDraining: this.isDraining,
      isFinished: this.isFinished,
    };
    return { state, instructions: this.#instructions };
  }
}
