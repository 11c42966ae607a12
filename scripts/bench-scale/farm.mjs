/**
 * A simulated farm in virtual time, to measure the scheduler with. Its nodes differ in speed and transfer no bytes. It
 * has everything that makes work for a scheduler: messages take time and stay in order, links break and come back,
 * slots crash, attempts fail and freeze, results are refused, and one node in twenty is eight times slower than the
 * others.
 */
import { Dice } from "../../test/support/simulation/simulate-dice.mjs";
import { Timeline } from "./timeline.mjs";

const frameMs = 20_000;
const slotStartMs = 5_000;
const relinkMs = 3_000;
const tickMs = 1_000;
const shares = { fails: 0.005, crashes: 0.002, freezes: 0.001, refused: 0.001 };
const latestLossMs = 3_000_000;

/**
 * Runs a job until it ends.
 *
 * @param {object} scheduler Its `createState` and `step`
 * @param {{ nodes: number, slots: number, frames: number, seed: number }} job slots: of each node
 * @returns All events, to replay on a state of the same config, and the index of the first event of the tail
 */
export function recordFarm({ createState, step }, { nodes, slots, frames, seed }) {
  const timeline = new Timeline();
  const dice = new Dice(seed);
  const config = { frames: Array.from({ length: frames }, (_, index) => index + 1) };
  const events = [];
  const farm = new Map();
  let state = createState(config);
  let tailFrom = 0;
  let isOver = false;
  const happen = (body) => {
    if (isOver) return;
    const event = { ...body, at: timeline.nowMs, seq: events.length + 1 };
    events.push(event);
    const next = step(state, event);
    state = next.state;
    if (tailFrom === 0 && state.frames.counts.queued === 0) tailFrom = events.length;
    for (const order of next.instructions) {
      if (order.type === "finish") isOver = true;
      else if (order.type !== "announce") farm.get(order.node).receive(order);
    }
  };
  for (let number = 0; number < nodes; number++) {
    const id = Array.from({ length: 32 }, () => dice.between(0, 15).toString(16)).join("");
    farm.set(id, new BenchNode(id, slots, { dice, timeline, happen }));
  }
  const tick = () => {
    if (isOver) return;
    happen({ type: "tick" });
    timeline.after(tickMs, tick);
  };
  tick();
  while (!isOver) if (!timeline.next()) throw new Error("The job is stuck: no event is planned");
  const { stored } = state.frames.counts;
  if (stored !== frames) throw new Error(`The job ended with ${stored} of ${frames} frames`);
  return { config, events, tailFrom };
}

class BenchNode {
  #id;
  #world;
  #slots;
  #speed;
  #isLinked = false;
  #link = 0;
  #held = new Map();
  #lastArrivalMs = 0;

  constructor(id, slots, world) {
    const { dice, timeline } = world;
    this.#id = id;
    this.#world = world;
    this.#slots = Array.from({ length: slots }, () => ({ isUp: true, life: 0, running: null, assigned: null }));
    this.#speed = dice.chance(0.05) ? 8 : 1 + 2 * dice.next();
    timeline.after(dice.between(0, 5_000), () => this.#join());
    if (dice.chance(0.3)) timeline.after(dice.between(5_000, latestLossMs), () => this.#unplug());
  }

  receive(order) {
    const link = this.#link;
    this.#world.timeline.after(this.#world.dice.between(1, 20), () => {
      if (this.#isLinked && this.#link === link) this.#carryOut(order);
    });
  }

  #carryOut(order) {
    switch (order.type) {
      case "assign":
        this.#assign(order);
        return;
      case "withdraw":
        this.#withdraw(order);
        return;
      case "cancel": {
        const slot = this.#slots.find(({ running }) => running?.attempt === order.attempt);
        if (slot) this.#crash(slot, simulatedError("CANCELLED"));
        else this.#withdraw(order);
        return;
      }
      case "fetch":
        this.#fetch(order);
        return;
      case "release":
        this.#held.delete(order.attempt);
    }
  }

  #join() {
    this.#isLinked = true;
    this.#link++;
    const running = this.#slots.flatMap(({ running }) => running ?? []);
    this.#say({ type: "node-joined", running, held: [...this.#held.values()] });
    for (const [slot, { isUp }] of this.#slots.entries()) if (isUp) this.#say({ type: "slot-ready", slot });
  }

  #unplug() {
    this.#isLinked = false;
    for (const slot of this.#slots) slot.assigned = null;
    this.#world.happen({ type: "node-lost", node: this.#id });
    this.#world.timeline.after(relinkMs, () => this.#join());
  }

  #assign({ slot: number, frame, attempt }) {
    const slot = this.#slots[number];
    const work = { slot: number, frame, attempt };
    if (!slot.isUp) this.#fail(work, simulatedError("SLOT_LOST"));
    else if (!slot.running) this.#start(slot, work);
    else if (!slot.assigned) slot.assigned = work;
    else throw new Error("An attempt was assigned to a slot that already has two");
  }

  #withdraw({ frame, attempt }) {
    const slot = this.#slots.find(({ assigned }) => assigned?.attempt === attempt);
    if (!slot) return;
    slot.assigned = null;
    this.#say({ type: "attempt-withdrawn", frame, attempt });
  }

  #start(slot, work) {
    const { dice, timeline } = this.#world;
    slot.running = work;
    this.#say({ type: "attempt-started", ...work });
    if (dice.chance(shares.freezes)) return;
    const ms = frameMs * this.#speed * (0.7 + 0.6 * dice.next());
    const { life } = slot;
    timeline.after(ms / 2, () => {
      if (slot.life === life && slot.running === work) this.#say({ type: "attempt-progressed", ...refOf(work) });
    });
    timeline.after(ms, () => {
      if (slot.life === life && slot.running === work) this.#end(slot, work, ms / 1000);
    });
  }

  #end(slot, work, seconds) {
    const { dice } = this.#world;
    if (dice.chance(shares.crashes)) {
      this.#crash(slot, { ...simulatedError("CRASHED"), fault: "node" });
      return;
    }
    slot.running = null;
    if (dice.chance(shares.fails)) this.#fail(work, { ...simulatedError("NO_OUTPUT"), fault: "node" });
    else {
      this.#held.set(work.attempt, refOf(work));
      this.#say({ type: "attempt-rendered", seconds, ...refOf(work) });
    }
    const next = slot.assigned;
    slot.assigned = null;
    if (next) this.#start(slot, next);
  }

  #crash(slot, error) {
    const { running, assigned } = slot;
    Object.assign(slot, { isUp: false, life: slot.life + 1, running: null, assigned: null });
    if (running) this.#fail(running, error);
    if (assigned) this.#fail(assigned, simulatedError("SLOT_LOST"));
    const number = this.#slots.indexOf(slot);
    this.#say({ type: "slot-lost", slot: number });
    this.#world.timeline.after(slotStartMs, () => {
      slot.isUp = true;
      this.#say({ type: "slot-ready", slot: number });
    });
  }

  #fetch({ frame, attempt }) {
    const { dice, timeline } = this.#world;
    const link = this.#link;
    const about = { node: this.#id, frame, attempt };
    const happen = (body) => {
      if (this.#isLinked && this.#link === link) this.#world.happen({ ...body, ...about });
    };
    happen({ type: "fetch-started" });
    const arrivesMs = dice.between(20, 500);
    timeline.after(arrivesMs, () => happen({ type: "result-arrived" }));
    timeline.after(arrivesMs + dice.between(5, 50), () => {
      if (dice.chance(shares.refused))
        happen({ type: "result-refused", error: { ...simulatedError("INVALID"), fault: "node" } });
      else happen({ type: "frame-stored" });
    });
  }

  #fail({ frame, attempt }, error) {
    this.#say({ type: "attempt-failed", frame, attempt, error });
  }

  #say(body) {
    if (!this.#isLinked) return;
    const { dice, timeline, happen } = this.#world;
    const link = this.#link;
    this.#lastArrivalMs = Math.max(this.#lastArrivalMs, timeline.nowMs + dice.between(1, 20));
    timeline.after(this.#lastArrivalMs - timeline.nowMs, () => {
      if (this.#isLinked && this.#link === link) happen({ ...body, node: this.#id });
    });
  }
}

function simulatedError(code) {
  return { code, message: "simulated", hint: "None: it is simulated", fault: "nobody" };
}

function refOf({ frame, attempt }) {
  return { frame, attempt };
}
