import type { Frame } from "../../../src/core/node.ts";
import type { AttemptRef, EventBody, Instruction, Outcome } from "../../../src/scheduler/events.ts";
import { checkInvariants } from "../../../src/scheduler/state/invariants.ts";
import { createState, type SchedulerState } from "../../../src/scheduler/state/state.ts";
import { step } from "../../../src/scheduler/step.ts";
import { failure } from "../simulation/simulate-node.ts";
import { FuzzNode, type Temper } from "./fuzz-node.ts";

/** A job to try: small, because few frames and nodes are enough to break a scheduler. */
export interface FuzzJob {
  readonly frames: number;
  readonly nodes: readonly { readonly temper: Temper; readonly slots: number }[];
  readonly alreadyStored: readonly Frame[];
  /** Whether some events are made up: repeated, or about older or unknown attempts. */
  readonly hasLies: boolean;
  /** What happens, one number per event; when they are used up, the job runs on its own. */
  readonly choices: readonly number[];
}

const firstAttempt = 3;
const jumpsMs = [0, 1000, 1000, 30_000, 125_000, 660_000, 4_000_000];
/** No job of many seeds needed a quarter of this. */
const roundsUntilStuck = 3_000;

/** The real scheduler, with nodes whose every move is chosen by a number. Every invariant is checked at once. */
export class FuzzFarm {
  readonly nodes: readonly FuzzNode[];
  outcome: Outcome | undefined;
  steps = 0;
  readonly #job: FuzzJob;
  readonly #frames: readonly Frame[];
  readonly #stored: Set<Frame>;
  /** What went wrong with each frame: a frame without trouble has no reason to fail. */
  readonly #harm = new Map<Frame, number>();
  readonly #fetches: (AttemptRef & { readonly node: FuzzNode })[] = [];
  readonly #assigned: (AttemptRef & { readonly node: string; readonly slot: number })[] = [];
  /** Nodes that the scheduler has excluded, and whose links must therefore end. */
  readonly #excluded = new Set<FuzzNode>();
  #state: SchedulerState;
  #atMs = 0;

  constructor(job: FuzzJob) {
    this.#job = job;
    this.#frames = Array.from({ length: job.frames }, (_, index) => index - 1);
    this.#stored = new Set(job.alreadyStored.filter((frame) => this.#frames.includes(frame)));
    this.#state = createState({ frames: this.#frames, alreadyStored: this.#stored, firstAttempt });
    this.nodes = job.nodes.map(({ temper, slots }, index) => new FuzzNode(`n${index}`, temper, slots));
  }

  /** Makes all choices happen, then what must follow: messages arrive, time passes. @throws When anything is wrong */
  run(): void {
    for (const choice of this.#job.choices) this.#choose(choice & 31, choice >> 5);
    // Lies make node and scheduler disagree for good; only a new link makes them agree again.
    if (this.#job.hasLies) for (const node of this.nodes) this.#lose(node, false);
    for (let round = 0; !this.outcome; round++) {
      if (round > roundsUntilStuck) throw new Error(`The job is stuck: ${JSON.stringify(this.#state.frames.counts)}`);
      this.#playRound();
    }
    this.#checkEnd(this.outcome);
    // Nodes do not know yet that the job ended: no report of theirs may cause an order.
    for (const choice of [0, 1, 2, 3, 8, 9, 12]) this.#choose(choice, choice);
  }

  #choose(kind: number, pick: number): void {
    this.#loseExcluded();
    const node = this.nodes[pick % this.nodes.length] as FuzzNode;
    const slot = (pick >> 2) % node.slots.length;
    const last = pick >> 3;
    if (kind <= 5) this.#deliver(node);
    else if (kind <= 10) node.hear();
    else if (kind <= 14) node.finish(slot, node.temper === "good" || last % 4 > 0 ? undefined : this.#errorOf(node));
    else if (kind <= 16) node.startSlot(slot);
    else if (kind <= 18) node.join();
    else if (kind <= 21) this.#endFetch(last % 8);
    else if (kind === 22) node.crashSlot(slot, failure("CRASHED"));
    else if (kind === 23) this.#lose(node, last % 2 === 0);
    else if (kind === 24) node.finish(slot, this.#errorOf(node));
    else if (kind <= 26) this.#tick(jumpsMs[last % jumpsMs.length] as number);
    else if (kind === 27) Object.assign(node.slots[slot] ?? {}, { isFrozen: true });
    else if (kind === 28 && last % 16 === 0) this.#tell({ type: "drain-requested" });
    else if (kind === 29) this.#progress(node);
    else if (this.#job.hasLies && kind >= 30) this.#lie(node, last);
  }

  /** One round of a job that runs on its own: all messages arrive, what can end ends, bad nodes stay bad. */
  #playRound(): void {
    const before = this.steps;
    this.#loseExcluded();
    for (const node of this.nodes) {
      node.join();
      for (const slot of node.slots.keys()) node.startSlot(slot);
      while (node.orders.length > 0 && !this.outcome) node.hear();
      while (node.reports.length > 0 && !this.outcome) this.#deliver(node);
      for (const [number, slot] of node.slots.entries()) {
        if (slot.isFrozen || !slot.running) continue;
        if (node.temper === "dies") this.#lose(node, true);
        else if (node.temper === "crashes") node.crashSlot(number, failure("CRASHED"));
        else node.finish(number, ["scene", "build"].includes(node.temper) ? this.#errorOf(node) : undefined);
      }
    }
    while (this.#fetches.length > 0 && !this.outcome) this.#endFetch(0);
    this.#tick(this.steps === before ? 60_000 : 1000);
  }

  /** The real farm ends the link of such a node; here it comes back, so that the job can end. */
  #loseExcluded(): void {
    for (const node of this.#excluded) this.#lose(node, false);
    this.#excluded.clear();
  }

  #errorOf(node: FuzzNode) {
    return node.temper === "build" ? failure("OUT_OF_MEMORY", "node") : failure("RENDER_FAILED");
  }

  #deliver(node: FuzzNode): void {
    const report = node.reports.shift();
    if (report) this.#tell(report);
  }

  #lose(node: FuzzNode, isMachineGone: boolean): void {
    if (!node.isJoined) return;
    node.leave(isMachineGone);
    this.#tell({ type: "node-lost", node: node.id });
  }

  /** A fetch may have received its last byte just before the link broke, or not at all. */
  #endFetch(luck: number): void {
    const fetch = this.#fetches.shift();
    if (!fetch) return;
    const { node, frame, attempt } = fetch;
    const about = { node: node.id, frame, attempt };
    if (node.temper === "refused") {
      this.#tell({ type: "result-refused", ...about, error: failure("INVALID_RESULT", "node") });
    } else if (node.temper === "loses" || luck > 5 || !node.held.has(attempt)) {
      this.#tell({ type: "result-lost", ...about });
    } else {
      this.#tell({ type: "frame-stored", ...about });
    }
  }

  #tick(ms: number): void {
    this.#atMs += ms;
    this.#tell({ type: "tick" });
  }

  #progress(node: FuzzNode): void {
    for (const { running, isFrozen } of node.slots) {
      if (!running || isFrozen || !node.isJoined) continue;
      this.#tell({ type: "attempt-progressed", node: node.id, frame: running.frame, attempt: running.attempt });
    }
  }

  #lie(node: FuzzNode, pick: number): void {
    const numbers = [pick % 40, pick % 40, 0, firstAttempt - 1, 5_000_000, Number.MAX_SAFE_INTEGER];
    const { frame, attempt, slot } = this.#assigned[pick % (this.#assigned.length + 1)] ?? {
      ...{ frame: (pick % 7) - 2, attempt: numbers[pick % numbers.length] as number, slot: pick % 3 },
    };
    const about = { node: node.id, frame, attempt };
    const twice = [{ frame, attempt }, ...this.#frames.map((other) => ({ frame: other, attempt }))];
    const lies: EventBody[] = [
      { type: "attempt-rendered", seconds: 1, ...about },
      { type: "attempt-started", slot, ...about },
      { type: "attempt-failed", error: this.#errorOf(node), ...about },
      { type: "attempt-withdrawn", ...about },
      { type: "result-refused", error: failure("INVALID_RESULT", "node"), ...about },
      { type: "result-lost", ...about },
      { type: "fetch-started", ...about },
      { type: "result-arrived", ...about },
      { type: "slot-lost", node: node.id, slot },
      { type: "slot-ready", node: node.id, slot: slot % node.slots.length },
      { type: "node-joined", node: node.id, running: [], held: twice },
      { type: "node-joined", node: node.id, running: [{ frame, attempt, slot: 0 }], held: twice },
      { type: "node-lost", node: "nobody" },
    ];
    const lie = lies[(pick >> 3) % lies.length] as EventBody;
    if (lie.type === "node-joined") node.leave(false);
    if (lie.type === "node-joined") node.isJoined = true;
    this.#tell(lie);
  }

  #tell(body: EventBody): void {
    this.#note(body);
    const next = step(this.#state, { ...body, at: this.#atMs, seq: ++this.steps });
    if (this.outcome && next.instructions.length > 0) throw new Error("It gave orders after it had finished");
    this.#state = next.state;
    checkInvariants(next.state);
    for (const order of next.instructions) this.#perform(order);
  }

  #note(body: EventBody): void {
    if (body.type === "frame-stored") this.#stored.add(body.frame);
    if (body.type === "node-lost" || body.type === "tick" || body.type === "slot-lost") {
      for (const { frame } of this.#state.attempts.values()) this.#harmed(frame);
    } else if ("frame" in body && body.type !== "attempt-progressed" && body.type !== "frame-stored") {
      this.#harmed(body.frame);
    }
  }

  #harmed(frame: Frame): void {
    this.#harm.set(frame, (this.#harm.get(frame) ?? 0) + 1);
  }

  #perform(order: Instruction): void {
    if (order.type === "announce") {
      const { notice } = order;
      const excluded = this.nodes.find(({ id }) => notice.type === "node-excluded" && notice.node === id);
      if (excluded) this.#excluded.add(excluded);
      return;
    }
    if (order.type === "finish") {
      if (this.outcome) throw new Error("It finished twice");
      this.outcome = order.outcome;
      return;
    }
    const node = this.nodes.find(({ id }) => id === order.node);
    if (!node) throw new Error(`It ordered ${order.type} of an unknown node`);
    if (order.type === "assign") this.#checkAssign(order);
    if (order.type === "fetch") this.#fetches.push({ node, frame: order.frame, attempt: order.attempt });
    else if (node.isJoined) node.orders.push(order);
  }

  #checkAssign(order: Extract<Instruction, { type: "assign" }>): void {
    const { frame, attempt } = order;
    if (!this.#frames.includes(frame)) throw new Error(`It assigned frame ${frame}, which is not part of the job`);
    if (this.#stored.has(frame)) throw new Error(`It assigned frame ${frame}, which is stored`);
    const given = firstAttempt + this.#assigned.length;
    if (attempt !== given) throw new Error(`It gave number ${attempt} instead of ${given}`);
    this.#assigned.push(order);
  }

  #checkEnd(outcome: Outcome): void {
    const stored = new Set(this.#state.frames.framesWith("stored"));
    for (const frame of stored) if (!this.#stored.has(frame)) throw new Error(`Frame ${frame} was never stored`);
    const left = outcome.type === "complete" ? [] : outcome.type === "failed" ? outcome.frames : outcome.missing;
    const accounted = [...left, ...stored].sort((one, other) => one - other);
    if (String(accounted) !== String(this.#frames)) throw new Error(`Frames were lost: ${accounted} are accounted for`);
    if (outcome.type === "failed") {
      if (left.length === 0) throw new Error("It failed without a failed frame");
      const unharmed = left.filter((frame) => (this.#harm.get(frame) ?? 0) < 2);
      if (unharmed.length > 0) throw new Error(`Frames failed although nothing had happened to them: ${unharmed}`);
    }
  }
}
