import type { Frame, NodeId, SlotId } from "../../../src/core/node.ts";
import type { AttemptError, AttemptRef, EventBody, Instruction } from "../../../src/scheduler/events.ts";
import type { Dice } from "./simulate-dice.mjs";
import { failure, type World } from "./simulate-node.ts";

/** What a liar knows and how it lies. */
export interface LiarTraits {
  readonly dice: Dice;
  readonly frames: readonly Frame[];
  /** The first attempt number of the run: lower numbers belong to earlier runs. */
  readonly firstAttempt: number;
  /**
   * Whether it may blame the scene, or stay silent until the scene is blamed. By design, two nodes that do so are
   * believed, so a job in which no frame may fail has at most one of them.
   */
  readonly mayBlameTheScene: boolean;
}

interface Given extends AttemptRef {
  readonly slot: SlotId;
}

const largest = Number.MAX_SAFE_INTEGER;
const relinkMs = 500;
/** Every transfer ends within this time. */
const longestFetchMs = 600_000;

/**
 * A node that tries to spoil a job, without bytes: it names results it never had, under any number, crashes all the
 * time, answers or stays silent, comes and goes. Only what the farm's link layer enforces holds: it speaks on a link,
 * and a fetch ends.
 */
export class SimulatedLiar {
  readonly id: NodeId;
  readonly #traits: LiarTraits;
  readonly #world: World;
  /** Everything it was ever assigned. */
  readonly #given: Given[] = [];
  readonly #slots: number;
  readonly #isQuick: boolean;
  /** Whether it names results it never had; otherwise it only follows orders badly, which is harder to detect. */
  readonly #makesThingsUp: boolean;
  /** How often it ignores an order. */
  readonly #muteShare: number;
  /** Its longest pause between two actions of its own. */
  readonly #pauseMs: number;
  #isLinked = false;
  #isExcluded = false;

  constructor(id: NodeId, traits: LiarTraits, world: World) {
    this.id = id;
    this.#traits = traits;
    this.#world = world;
    this.#slots = traits.dice.between(1, 3);
    this.#isQuick = traits.dice.chance(0.3);
    this.#makesThingsUp = traits.dice.chance(0.5);
    this.#muteShare = traits.dice.pick([0, 0.2, 0.9, 1]);
    this.#pauseMs = traits.dice.pick([3_000, 60_000, 3_600_000]);
    world.after(traits.dice.between(1, 5_000), () => this.#join());
    this.#live();
    if (!traits.mayBlameTheScene) this.#pretend();
  }

  /** Follows an order of the scheduler, or ignores it. */
  receive(order: Instruction): void {
    const { dice } = this.#traits;
    if (order.type === "announce" || order.type === "finish") return;
    const { frame, attempt } = order;
    if (order.type === "fetch") {
      this.#world.after(dice.between(0, dice.chance(0.2) ? longestFetchMs : 1_000), () =>
        this.#endFetch(frame, attempt),
      );
      return;
    }
    if (order.type === "assign") this.#given.push({ frame, attempt, slot: order.slot });
    const reaction = this.#reactionTo(order);
    if (reaction) this.#world.after(this.#isQuick ? 0 : dice.between(0, 5_000), () => this.#say(reaction));
  }

  /** Its link ends for good. */
  exclude(): void {
    this.#isExcluded = true;
    this.#unplug();
  }

  #reactionTo(order: Extract<Instruction, AttemptRef>): EventBody | undefined {
    const { dice } = this.#traits;
    const { frame, attempt } = order;
    const about = { node: this.id, frame, attempt };
    const slot = order.type === "assign" ? order.slot : 0;
    if (order.type === "release" || dice.chance(0.2)) return undefined;
    if (order.type === "withdraw" && dice.chance(0.7)) return { type: "attempt-withdrawn", ...about };
    if (order.type === "cancel" && dice.chance(0.7))
      return { type: "attempt-failed", ...about, error: nobodys("CANCELLED") };
    return dice.pick<EventBody>([
      ...Array(this.#muteShare > 0.5 ? 9 : 2).fill({ type: "attempt-started", slot, ...about }),
      { type: "attempt-failed", ...about, error: this.#error() },
      { type: "attempt-withdrawn", ...about },
      { type: "attempt-rendered", ...about, seconds: this.#seconds() },
    ]);
  }

  /** Acts again and again, until the simulation ends. */
  #live(): void {
    this.#world.after(this.#traits.dice.between(20, this.#pauseMs), () => {
      this.#act();
      this.#live();
    });
  }

  /** Claims progress of everything it holds. */
  #pretend(): void {
    this.#world.after(240_000, () => {
      for (const ref of this.#given.slice(-20)) this.#say({ type: "attempt-progressed", node: this.id, ...refOf(ref) });
      this.#pretend();
    });
  }

  #act(): void {
    const { dice } = this.#traits;
    const { slot, ...ref } =
      dice.chance(0.5) && this.#given.length > 0 ? dice.pick(this.#given.slice(-6)) : this.#lie();
    const about = { node: this.id, ...ref };
    const act = dice.between(0, 13);
    if (act === 0) this.#unplug();
    else if (act <= 2) this.#join();
    else if (act <= 5) this.#say({ type: "slot-ready", node: this.id, slot: dice.between(0, this.#slots - 1) });
    else if (act === 6) this.#say({ type: "slot-lost", node: this.id, slot });
    else if (act <= 8) this.#say({ type: "attempt-failed", ...about, error: this.#error() });
    else if (act === 9) this.#say({ type: "attempt-started", slot, ...about });
    else if (act === 10) this.#say({ type: "attempt-withdrawn", ...about });
    else for (const lie of this.#lies()) this.#say({ type: "attempt-rendered", node: this.id, ...lie, seconds: 1 });
  }

  #join(): void {
    if (this.#isLinked || this.#isExcluded) return;
    this.#isLinked = true;
    const { dice } = this.#traits;
    const mine = dice.chance(0.5) ? this.#given.slice(-dice.between(0, 6)) : [];
    const held = [...this.#lies(), ...mine].map(refOf);
    const running = [...this.#lies().slice(0, 2), ...mine.slice(0, 2)];
    this.#say({ type: "node-joined", node: this.id, held, running });
    for (let slot = 0; slot < this.#slots; slot++) {
      if (dice.chance(0.8)) this.#say({ type: "slot-ready", node: this.id, slot });
    }
  }

  #unplug(): void {
    if (!this.#isLinked) return;
    this.#isLinked = false;
    this.#world.happen({ type: "node-lost", node: this.id });
    if (this.#traits.dice.chance(0.8)) this.#world.after(relinkMs, () => this.#join());
  }

  /** Some made-up results: now and then a lot of them, or many frames under one number. */
  #lies(): Given[] {
    const { dice } = this.#traits;
    if (!this.#makesThingsUp) return [];
    const lies = Array.from({ length: dice.chance(0.1) ? 64 : dice.between(0, 3) }, () => this.#lie());
    const { attempt } = this.#lie();
    return dice.chance(0.2) ? lies.map((lie) => ({ ...lie, attempt })) : lies;
  }

  #lie(): Given {
    const { dice, firstAttempt, frames } = this.#traits;
    const frame = dice.chance(0.8) ? dice.pick(frames) : dice.pick([-1_048_574, -1, 900, 1_048_574]);
    const numbers = [0, 1, firstAttempt - 1, firstAttempt, firstAttempt + dice.between(0, 40), 5_000_000, largest];
    const attempt = dice.chance(0.5) ? Math.max(0, firstAttempt - dice.between(1, 90)) : dice.pick(numbers);
    return { frame, attempt, slot: dice.between(0, this.#slots - 1) };
  }

  #error(): AttemptError {
    const { dice, mayBlameTheScene } = this.#traits;
    const code = dice.pick(["CRASHED", "CRASHED", "SLOT_LOST", "SLOT_FULL", "CANCELLED", "OUT_OF_MEMORY"]);
    if (code === "CRASHED") return failure(code, mayBlameTheScene ? "scene" : "node");
    return code === "OUT_OF_MEMORY" ? failure(code, "node") : nobodys(code);
  }

  #seconds(): number {
    return this.#traits.dice.pick([0, 1, 20, 1e9]);
  }

  #endFetch(frame: Frame, attempt: number): void {
    const { dice } = this.#traits;
    const about = { node: this.id, frame, attempt };
    const isTrue = this.#given.some((given) => given.frame === frame && given.attempt === attempt);
    if (isTrue && dice.chance(0.1)) this.#world.happen({ type: "frame-stored", ...about });
    else if (dice.chance(0.5)) this.#world.happen({ type: "result-lost", ...about });
    else this.#world.happen({ type: "result-refused", ...about, error: failure("NOT_A_PNG", "node") });
  }

  #say(body: EventBody): void {
    if (this.#isLinked) this.#world.happen(body);
  }
}

function nobodys(code: string): AttemptError {
  return failure(code, "nobody");
}

function refOf({ frame, attempt }: AttemptRef): AttemptRef {
  return { frame, attempt };
}
