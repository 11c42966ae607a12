import type { Frame, NodeId, SlotId } from "../../../src/core/node.ts";
import type { AttemptError, AttemptRef, EventBody, Instruction } from "../../../src/scheduler/events.ts";

/** How a simulated node behaves. All times are milliseconds of virtual time. */
export interface NodeBehaviour {
  readonly msPerFrame: number | ((frame: Frame) => number);
  /** Default 1. */
  readonly slots?: number;
  /** Default 0. */
  readonly joins?: number;
  /** When the machine goes off: what it rendered and held is lost. */
  readonly dies?: number;
  /** When the link breaks: the node finishes what it renders and keeps its results. */
  readonly unplugged?: number;
  /** When a node that died or was unplugged joins again. */
  readonly returns?: number;
  /** How a frame fails instead of being rendered; it takes as long, and also ends the slot. */
  readonly fails?: (frame: Frame, attemptOnThisNode: number) => AttemptError | undefined;
  /** Frames that never end and show no progress. */
  readonly freezes?: (frame: Frame, attemptOnThisNode: number) => boolean;
  readonly refuses?: (frame: Frame) => boolean;
  readonly loses?: (frame: Frame) => boolean;
  /** What it still holds from an earlier run of the coordinator. */
  readonly heldBefore?: readonly AttemptRef[];
  readonly runningBefore?: readonly AttemptRef[];
  /** From a slot's start until it is ready. Default 0. */
  readonly slotStartMs?: number;
  /** One way, in either direction. Default 0. */
  readonly latencyMs?: () => number;
  /** To fetch, check and store one result. Default 0. */
  readonly fetchMs?: () => number;
}

/** What a simulated node needs from the simulation. */
export interface World {
  after(ms: number, action: () => void): void;
  /** The coordinator learns of it now. */
  happen(body: EventBody): void;
}

interface Work extends AttemptRef {
  readonly slot: SlotId;
}

interface SimulatedSlot {
  isUp: boolean;
  running: Work | null;
  assigned: Work | null;
  /** Counts the processes of the slot: what an ended process had planned no longer happens. */
  life: number;
}

const progressMs = 60_000;

/** An error as a node would report it. */
export function failure(code: string, fault: AttemptError["fault"] = "scene"): AttemptError {
  return { code, message: `simulated ${code}`, hint: "None: it is simulated", fault };
}

/** A node as in docs/protocol.md, without bytes: slots, a queue of one, held results, a link that may break. */
export class SimulatedNode {
  readonly id: NodeId;
  readonly rendered: Frame[] = [];
  /** Assignments for which no slot was free, which the scheduler should never make. */
  overflows = 0;
  readonly #behaviour: NodeBehaviour;
  readonly #world: World;
  readonly #slots: SimulatedSlot[] = [];
  readonly #held = new Map<number, AttemptRef>();
  readonly #fetches = new Set<AttemptRef>();
  readonly #history = new Map<Frame, number>();
  #link = 0;
  #isLinked = false;
  #isOn = true;
  #isExcluded = false;
  /** Messages stay in order: none arrives before an earlier one. */
  #lastArrivalMs = 0;
  #nowMs: () => number;

  constructor(id: NodeId, behaviour: NodeBehaviour, world: World, nowMs: () => number) {
    this.id = id;
    this.#behaviour = behaviour;
    this.#world = world;
    this.#nowMs = nowMs;
    for (let slot = 0; slot < (behaviour.slots ?? 1); slot++) {
      this.#slots.push({ isUp: false, running: null, assigned: null, life: 0 });
    }
    for (const held of behaviour.heldBefore ?? []) this.#held.set(held.attempt, held);
    for (const [index, running] of (behaviour.runningBefore ?? []).entries()) this.#resume(index, running);
    world.after(behaviour.joins ?? 0, () => this.#join());
    if (behaviour.dies !== undefined) world.after(behaviour.dies, () => this.#die());
    if (behaviour.unplugged !== undefined) world.after(behaviour.unplugged, () => this.#unplug());
    if (behaviour.returns !== undefined) world.after(behaviour.returns, () => this.#join());
  }

  /** Receives an order of the scheduler after the link's latency, if the link is still up. */
  receive(order: Instruction): void {
    if (order.type === "announce" || order.type === "finish") return;
    const ref = { frame: order.frame, attempt: order.attempt };
    if (order.type === "fetch") {
      this.#fetch(ref);
      return;
    }
    const link = this.#link;
    this.#world.after(this.#latencyMs(), () => {
      if (!this.#isLinked || this.#link !== link) return;
      if (order.type === "assign") this.#assign({ ...ref, slot: order.slot });
      else if (order.type === "withdraw") this.#withdraw(ref);
      else if (order.type === "cancel") this.#cancel(ref);
      else this.#held.delete(ref.attempt);
    });
  }

  get isLinked(): boolean {
    return this.#isLinked;
  }

  holds(attempt: number): boolean {
    return this.#held.has(attempt);
  }

  /** Its link ends for good. */
  exclude(): void {
    this.#isExcluded = true;
    this.#unplug();
  }

  #join(): void {
    if (this.#isLinked || this.#isExcluded) return;
    this.#isOn = true;
    this.#isLinked = true;
    this.#link++;
    const running = this.#slots.flatMap((slot) => slot.running ?? []);
    this.#say({ type: "node-joined", node: this.id, running, held: [...this.#held.values()] });
    for (const [index, slot] of this.#slots.entries()) {
      if (slot.isUp) this.#say({ type: "slot-ready", node: this.id, slot: index });
      else this.#startSlot(index);
    }
  }

  #unplug(): void {
    if (!this.#isLinked) return;
    this.#isLinked = false;
    for (const slot of this.#slots) slot.assigned = null;
    this.#world.happen({ type: "node-lost", node: this.id });
    for (const ref of this.#fetches) this.#world.happen({ type: "result-lost", node: this.id, ...ref });
    this.#fetches.clear();
  }

  #die(): void {
    this.#isOn = false;
    this.#held.clear();
    for (const slot of this.#slots) this.#endSlot(slot);
    this.#unplug();
  }

  #assign(work: Work): void {
    const slot = this.#slots[work.slot];
    if (!slot?.isUp) this.#fail(work, failure("SLOT_LOST", "nobody"));
    else if (!slot.running) this.#start(slot, work);
    else if (!slot.assigned) slot.assigned = work;
    else {
      this.overflows++;
      this.#fail(work, failure("SLOT_FULL", "nobody"));
    }
  }

  #start(slot: SimulatedSlot, work: Work): void {
    slot.running = work;
    this.#say({ type: "attempt-started", node: this.id, ...work });
    this.#render(slot, work);
  }

  #render(slot: SimulatedSlot, work: Work): void {
    const attemptHere = (this.#history.get(work.frame) ?? 0) + 1;
    this.#history.set(work.frame, attemptHere);
    if (this.#behaviour.freezes?.(work.frame, attemptHere)) return;
    const { msPerFrame } = this.#behaviour;
    const { life } = slot;
    const ms = typeof msPerFrame === "number" ? msPerFrame : msPerFrame(work.frame);
    const stillRuns = () => slot.life === life && slot.running === work;
    for (let progress = progressMs; progress < ms; progress += progressMs) {
      this.#world.after(progress, () => {
        if (stillRuns()) this.#say({ type: "attempt-progressed", node: this.id, ...refOf(work) });
      });
    }
    this.#world.after(ms, () => {
      if (stillRuns()) this.#end(slot, work, ms, this.#behaviour.fails?.(work.frame, attemptHere));
    });
  }

  #end(slot: SimulatedSlot, work: Work, ms: number, error: AttemptError | undefined): void {
    if (error) {
      this.#killSlot(slot, work, error);
      return;
    }
    slot.running = null;
    this.rendered.push(work.frame);
    this.#held.set(work.attempt, refOf(work));
    this.#say({ type: "attempt-rendered", node: this.id, seconds: ms / 1000, ...refOf(work) });
    const next = slot.assigned;
    slot.assigned = null;
    if (next) this.#start(slot, next);
  }

  #withdraw(ref: AttemptRef): void {
    const slot = this.#slots.find(({ assigned }) => assigned?.attempt === ref.attempt);
    if (!slot) return; // it has started, and that was reported before
    slot.assigned = null;
    this.#say({ type: "attempt-withdrawn", node: this.id, ...ref });
  }

  #cancel(ref: AttemptRef): void {
    const slot = this.#slots.find(({ running }) => running?.attempt === ref.attempt);
    if (slot?.running) this.#killSlot(slot, slot.running, failure("CANCELLED", "nobody"));
    else this.#withdraw(ref);
  }

  #killSlot(slot: SimulatedSlot, work: Work, error: AttemptError): void {
    const { assigned } = slot;
    this.#endSlot(slot);
    this.#fail(work, error);
    if (assigned) this.#fail(assigned, failure("SLOT_LOST", "nobody"));
    this.#say({ type: "slot-lost", node: this.id, slot: work.slot });
    this.#startSlot(work.slot);
  }

  #endSlot(slot: SimulatedSlot): void {
    slot.life++;
    slot.isUp = false;
    slot.running = null;
    slot.assigned = null;
  }

  #startSlot(index: SlotId): void {
    const slot = this.#slots[index];
    if (!slot) return;
    const life = ++slot.life;
    this.#world.after(this.#behaviour.slotStartMs ?? 0, () => {
      if (!this.#isOn || slot.life !== life) return;
      slot.isUp = true;
      this.#say({ type: "slot-ready", node: this.id, slot: index });
    });
  }

  #resume(index: SlotId, ref: AttemptRef): void {
    const slot = this.#slots[index];
    if (!slot) throw new Error("A simulated node runs more attempts than it has slots");
    slot.isUp = true;
    slot.running = { ...ref, slot: index };
    this.#render(slot, slot.running);
  }

  #fetch(ref: AttemptRef): void {
    const link = this.#link;
    this.#fetches.add(ref);
    // Reported once the order is carried out, like every fact.
    this.#world.after(0, () => this.#world.happen({ type: "fetch-started", node: this.id, ...ref }));
    this.#world.after(this.#behaviour.fetchMs?.() ?? 0, () => {
      if (!this.#fetches.delete(ref)) return; // the link broke, and that was reported
      const isHad = this.#isLinked && this.#link === link && this.#held.has(ref.attempt);
      if (!isHad || this.#behaviour.loses?.(ref.frame)) {
        this.#world.happen({ type: "result-lost", node: this.id, ...ref });
      } else if (this.#behaviour.refuses?.(ref.frame)) {
        this.#world.happen({ type: "result-refused", node: this.id, ...ref, error: failure("INVALID_RESULT", "node") });
      } else {
        this.#world.happen({ type: "frame-stored", node: this.id, ...ref });
      }
    });
  }

  #fail(work: Work, error: AttemptError): void {
    this.#say({ type: "attempt-failed", node: this.id, ...refOf(work), error });
  }

  #say(body: EventBody): void {
    if (!this.#isLinked) return;
    const link = this.#link;
    this.#world.after(this.#latencyMs(), () => {
      if (this.#isLinked && this.#link === link) this.#world.happen(body);
    });
  }

  #latencyMs(): number {
    const now = this.#nowMs();
    this.#lastArrivalMs = Math.max(this.#lastArrivalMs, now + (this.#behaviour.latencyMs?.() ?? 0));
    return this.#lastArrivalMs - now;
  }
}

function refOf({ frame, attempt }: AttemptRef): AttemptRef {
  return { frame, attempt };
}
