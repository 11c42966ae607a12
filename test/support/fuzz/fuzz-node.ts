import type { NodeId, SlotId } from "../../../src/core/node.ts";
import type { AttemptError, AttemptRef, EventBody, Instruction } from "../../../src/scheduler/events.ts";
import { failure } from "../simulation/simulate-node.ts";

/** What a node does with every attempt once a job runs on its own. `slotless`: its slots never get ready. */
export const tempers = [
  ...(["good", "scene", "build", "crashes", "frozen", "refused", "loses", "dies", "slotless"] as const),
] as const;
export type Temper = (typeof tempers)[number];

export type NodeOrder = Exclude<Instruction, { type: "announce" | "finish" | "fetch" }>;

interface Work extends AttemptRef {
  readonly slot: SlotId;
}

interface FuzzSlot {
  isUp: boolean;
  isFrozen: boolean;
  running: Work | null;
  assigned: Work | null;
}

/**
 * A node without a clock: its owner says what happens next, so that any order of events can be tried. Orders and
 * reports wait in its mailboxes, and are lost with the link.
 */
export class FuzzNode {
  readonly id: NodeId;
  readonly temper: Temper;
  readonly slots: readonly FuzzSlot[];
  readonly orders: NodeOrder[] = [];
  readonly reports: EventBody[] = [];
  readonly held = new Map<number, AttemptRef>();
  isJoined = false;
  /** Assignments for which no slot was free: none, unless a slot ended while one was on its way to it. */
  overflows = 0;

  constructor(id: NodeId, temper: Temper, slots: number) {
    this.id = id;
    this.temper = temper;
    const down = () => ({ isUp: false, isFrozen: false, running: null, assigned: null });
    this.slots = Array.from({ length: slots }, down);
  }

  join(): void {
    if (this.isJoined) return;
    this.isJoined = true;
    const running = this.slots.flatMap((slot) => slot.running ?? []);
    this.reports.push({ type: "node-joined", node: this.id, running, held: [...this.held.values()] });
    for (const [slot, { isUp }] of this.slots.entries()) {
      if (isUp) this.reports.push({ type: "slot-ready", node: this.id, slot });
    }
  }

  /** The link is lost; if the machine is lost too, so is what it ran and held. */
  leave(isMachineGone: boolean): void {
    this.isJoined = false;
    this.orders.length = 0;
    this.reports.length = 0;
    for (const slot of this.slots) {
      slot.assigned = null;
      if (isMachineGone) empty(slot);
    }
    if (isMachineGone) this.held.clear();
  }

  startSlot(number: SlotId): void {
    const slot = this.slots[number];
    if (!slot || slot.isUp || this.temper === "slotless") return;
    slot.isUp = true;
    this.#report({ type: "slot-ready", node: this.id, slot: number });
  }

  /** The slot's process ends, on its own or because its attempt has failed. */
  crashSlot(number: SlotId, error: AttemptError): void {
    const slot = this.slots[number];
    if (!slot?.isUp) return;
    const { running, assigned } = slot;
    empty(slot);
    if (running) this.#fail(running, error);
    if (assigned) this.#fail(assigned, failure("SLOT_LOST", "nobody"));
    this.#report({ type: "slot-lost", node: this.id, slot: number });
  }

  /** The slot's attempt ends: with a result, or with this error. */
  finish(number: SlotId, error: AttemptError | undefined): void {
    const slot = this.slots[number];
    if (!slot?.running) return;
    if (error) {
      this.crashSlot(number, error);
      return;
    }
    const work = slot.running;
    slot.running = null;
    this.held.set(work.attempt, refOf(work));
    this.#report({ type: "attempt-rendered", node: this.id, seconds: 1 + (work.frame & 3), ...refOf(work) });
    const next = slot.assigned;
    slot.assigned = null;
    if (next) this.#start(slot, next);
  }

  /** Takes the next order, if there is one. */
  hear(): void {
    const order = this.orders.shift();
    if (!order) return;
    if (order.type === "assign") this.#assign(order);
    else if (order.type === "release") this.held.delete(order.attempt);
    else if (order.type === "withdraw") this.#withdraw(order);
    else this.#cancel(order);
  }

  #assign({ frame, attempt, slot: number }: Work): void {
    const work = { frame, attempt, slot: number };
    const slot = this.slots[number];
    if (!slot?.isUp) this.#fail(work, failure("SLOT_LOST", "nobody"));
    else if (!slot.running) this.#start(slot, work);
    else if (!slot.assigned) slot.assigned = work;
    else {
      this.overflows++;
      this.#fail(work, failure("SLOT_FULL", "nobody"));
    }
  }

  #start(slot: FuzzSlot, work: Work): void {
    slot.running = work;
    slot.isFrozen = this.temper === "frozen";
    this.#report({ type: "attempt-started", node: this.id, ...work });
  }

  #withdraw({ attempt, frame }: AttemptRef): void {
    const slot = this.slots.find(({ assigned }) => assigned?.attempt === attempt);
    if (!slot) return;
    slot.assigned = null;
    this.#report({ type: "attempt-withdrawn", node: this.id, frame, attempt });
  }

  #cancel(ref: AttemptRef): void {
    const slot = this.slots.findIndex(({ running }) => running?.attempt === ref.attempt);
    if (slot < 0) this.#withdraw(ref);
    else this.crashSlot(slot, failure("CANCELLED", "nobody"));
  }

  #fail(work: Work, error: AttemptError): void {
    this.#report({ type: "attempt-failed", node: this.id, ...refOf(work), error });
  }

  #report(report: EventBody): void {
    if (this.isJoined) this.reports.push(report);
  }
}

function empty(slot: FuzzSlot): void {
  Object.assign(slot, { isUp: false, isFrozen: false, running: null, assigned: null });
}

function refOf({ frame, attempt }: AttemptRef): AttemptRef {
  return { frame, attempt };
}
