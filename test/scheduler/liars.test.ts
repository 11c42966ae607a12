import { expect, test } from "vitest";
import { framesOfRange, orderFrames } from "../../src/core/frame-range.ts";
import { defaultPolicy } from "../../src/scheduler/policy.ts";
import { fuzzRuns, fuzzSeed, fuzzTimeoutMs, howToReplay } from "../support/fuzz/fuzz-seed.ts";
import { type SimulatedRun, simulate } from "../support/simulation/simulate.ts";
import { Dice } from "../support/simulation/simulate-dice.mjs";
import type { NodeBehaviour } from "../support/simulation/simulate-node.ts";

const hour = 3_600_000;

/** It can render every frame, and is connected from start to end. */
function honestNode(dice: Dice): NodeBehaviour {
  const speed = dice.between(200, 60_000);
  const latency = dice.chance(0.5) ? dice.between(1, 500) : 0;
  return {
    msPerFrame: () => Math.round(speed * (0.5 + dice.next())),
    slots: dice.between(1, 2),
    slotStartMs: dice.between(0, 5_000),
    latencyMs: () => dice.between(0, latency),
    fetchMs: () => dice.between(0, 2 * latency),
  };
}

function spoiltJob(seed: number): SimulatedRun {
  const dice = new Dice(seed);
  const frames = orderFrames(framesOfRange(-3, dice.between(-3, 20), 1), dice.pick(["sequential", "spread"] as const));
  const firstAttempt = dice.pick([1, 1, 1_000_001, 41_000_001]);
  const liars = Object.fromEntries(
    Array.from({ length: dice.between(1, 3) }, (_, index) => [
      `liar${index}`,
      { dice: new Dice(seed * 31 + index), mayBlameTheScene: index === 0 },
    ]),
  );
  return simulate({
    frames,
    firstAttempt,
    nodes: { honest: honestNode(dice) },
    liars,
    tickMs: 1_000,
    limitMs: 3 * hour,
  });
}

test(
  "however nodes lie, crash and withhold results, one honest node completes the job, and no frame fails",
  () => {
    const totals = { jobs: 0, steps: 0, byLiars: 0, barred: 0, excluded: 0, longestMs: 0 };
    for (let seed = fuzzSeed; seed < fuzzSeed + fuzzRuns(600); seed++) {
      try {
        const run = spoiltJob(seed);
        expect(run.outcome).toEqual({ type: "complete" });
        expect(run.noticesOf("frame-failed")).toEqual([]);
        expect(run.noticesOf("scene-at-fault")).toEqual([]);
        const { firstAttempt = 1 } = run.config;
        for (const { attempt } of run.ordersOf("assign")) {
          expect(Number.isSafeInteger(attempt)).toBe(true);
          expect(attempt).toBeGreaterThanOrEqual(firstAttempt);
          expect(attempt).toBeLessThan(firstAttempt + defaultPolicy.attemptsPerRun);
        }
        const wronged = [...run.noticesOf("node-barred"), ...run.noticesOf("node-excluded")].map(({ node }) => node);
        expect(wronged).not.toContain("honest");
        expect(run.nodes.get("honest")?.overflows).toBe(0);
        totals.jobs++;
        totals.steps += run.events.length;
        totals.byLiars += run.eventsOf("frame-stored").filter(({ node }) => node !== "honest").length;
        totals.barred += run.noticesOf("node-barred").length;
        totals.excluded += run.noticesOf("node-excluded").length;
        totals.longestMs = Math.max(totals.longestMs, run.finishedAt);
      } catch (error) {
        throw new Error(`Seed ${seed}: ${howToReplay}: ${error instanceof Error ? error.message : error}`, {
          cause: error,
        });
      }
    }
    console.log(`scheduler: ${JSON.stringify(totals)}`);
    // They were listened to, believed now and then, and found out.
    expect(Math.min(totals.byLiars, totals.barred, totals.excluded)).toBeGreaterThan(0);
  },
  fuzzTimeoutMs,
);
