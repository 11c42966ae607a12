import { Dice } from "../support/simulation/simulate-dice.mjs";
import { coordinatorFaults } from "./faults/coordinators.ts";
import { encoderFaults } from "./faults/encoders.ts";
import type { Fault } from "./faults/fault.ts";
import { fileFaults } from "./faults/files.ts";
import { nodeFaults } from "./faults/nodes.ts";
import { slotFaults } from "./faults/slots.ts";

/** Every kind of fault. The order decides what a seed plans. */
const faults: readonly Fault[] = [...nodeFaults, ...slotFaults, ...coordinatorFaults, ...encoderFaults, ...fileFaults];

export interface PlannedFault {
  /** Counted from the first fault. */
  readonly atSeconds: number;
  readonly fault: Fault;
  /** The node, for a fault that affects one. */
  readonly name: string;
  /** How long it lasts. */
  readonly seconds: number;
  /** For its other random choices. */
  readonly seed: number;
  /** Whether it waits for something to hit. The others occur at any moment, even while a node starts. */
  readonly isAimed: boolean;
}

/**
 * Plans which faults occur and when, before anything happens: the same seed gives the same plan. Each fault occurs at
 * least once, unless the time is too short for all of them; further ones are chosen by weight.
 *
 * @param names Names of the nodes
 */
export function planOf(seed: number, minutes: number, names: readonly string[]): PlannedFault[] {
  const dice = new Dice(seed);
  const moments: number[] = [];
  for (let at = 3; at < minutes * 60; at += 1.5 + dice.next() * 3.5) moments.push(roundToTenth(at));
  const once = shuffled(faults, dice).slice(0, moments.length);
  const more = moments.slice(once.length).map(() => pickByWeight(dice));
  return shuffled([...once, ...more], dice).map((fault, index) => ({
    atSeconds: moments[index] ?? 0,
    fault,
    name: dice.pick(names),
    seconds: roundToTenth(0.5 + dice.next() * 7),
    seed: Math.floor(dice.next() * 2 ** 32),
    isAimed: dice.chance(0.6),
  }));
}

/** The first of each kind. */
export function onceEach(plan: readonly PlannedFault[]): PlannedFault[] {
  return plan.filter(({ fault }, place) => plan.findIndex((other) => other.fault === fault) === place);
}

function pickByWeight(dice: Dice): Fault {
  return dice.pick(faults.flatMap((fault) => Array<Fault>(fault.weight).fill(fault)));
}

function shuffled<Thing>(things: readonly Thing[], dice: Dice): Thing[] {
  const placed = things.map((thing) => ({ thing, place: dice.next() }));
  return placed.sort((a, b) => a.place - b.place).map(({ thing }) => thing);
}

function roundToTenth(seconds: number): number {
  return Math.round(seconds * 10) / 10;
}
