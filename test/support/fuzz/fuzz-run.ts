import { expect } from "vitest";
import { FarmError, messageOf } from "../../../src/core/errors.ts";
import { NoMessageError } from "../../../src/session/protocol.ts";
import { Dice } from "../simulation/simulate-dice.mjs";
import { fuzzRuns, fuzzSeed, howToReplay } from "./fuzz-seed.ts";

/** Uncollected garbage counts too, so this is far above what is really held: it only catches growth. */
const mostMegabytes = 400;
const sampleEvery = 256;

/**
 * Tries `count` inputs on something, prints the result, and fails with the seed and the number of the input.
 *
 * @param attack Makes one input from the dice and tries it; the dice of an input do not depend on earlier inputs
 */
export async function fuzz(what: string, count: number, attack: (dice: Dice, index: number) => unknown): Promise<void> {
  const before = heldMegabytes();
  let peak = before;
  const total = fuzzRuns(count);
  for (let index = 0; index < total; index++) {
    try {
      const taken = attack(new Dice(fuzzSeed + index * 7919), index);
      if (taken instanceof Promise) await taken;
    } catch (error) {
      throw new Error(`${what}, input ${index}: ${howToReplay}: ${messageOf(error)}`, { cause: error });
    }
    if (index % sampleEvery === 0) peak = Math.max(peak, heldMegabytes());
  }
  peak = Math.max(peak, heldMegabytes());
  const grown = Math.round(peak - before);
  console.log(`fuzz: ${what}: ${total} inputs, 0 crashes, peak +${grown} MB`);
  expect(grown).toBeLessThan(mostMegabytes);
  expect(Object.keys(Object.prototype)).toEqual([]);
  expect("polluted" in {}).toBe(false);
}

/**
 * The value, or `undefined` when the input was properly refused: as invalid JSON, as an invalid message, or with an
 * error of this project. Everything else is a crash and is rethrown.
 */
export function orRefused<T>(take: () => T): T | undefined {
  try {
    return take();
  } catch (error) {
    refusal(error);
    return undefined;
  }
}

/** @throws Any error that is not a refusal */
export function refusal(error: unknown): void {
  if (error instanceof FarmError || error instanceof SyntaxError || error instanceof NoMessageError) return;
  throw error;
}

function heldMegabytes(): number {
  const { heapUsed, external } = process.memoryUsage();
  return (heapUsed + external) / 2 ** 20;
}
