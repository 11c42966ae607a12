import fc from "fast-check";
import { expect, test } from "vitest";
import { FuzzFarm, type FuzzJob } from "../support/fuzz/fuzz-farm.ts";
import { tempers } from "../support/fuzz/fuzz-node.ts";
import { fuzzRuns, fuzzSeed, fuzzTimeoutMs, howToReplay } from "../support/fuzz/fuzz-seed.ts";

const slots = fc.integer({ min: 1, max: 2 });
const choices = fc.array(fc.nat(65_535), { maxLength: 70, size: "max" });
const alreadyStored = fc.oneof(
  { weight: 4, arbitrary: fc.constant([]) },
  { weight: 1, arbitrary: fc.array(fc.integer({ min: -1, max: 4 }), { maxLength: 3 }) },
);
const frames = fc.integer({ min: 1, max: 5 });
const badTempers = tempers.filter((temper) => temper !== "good");
const goodNode = fc.record({ temper: fc.constant("good" as const), slots });
const badNode = fc.record({ temper: fc.constantFrom(...badTempers), slots });
const anyNode = fc.oneof({ weight: 3, arbitrary: goodNode }, { weight: 2, arbitrary: badNode });

/** Jobs in which at least one node has a slot: without any, waiting is right. */
const anyJob = fc
  .record({
    frames,
    nodes: fc.array(anyNode, { minLength: 1, maxLength: 3 }),
    alreadyStored,
    hasLies: fc.boolean(),
    choices,
  })
  .filter(({ nodes }) => nodes.some(({ temper }) => temper !== "slotless"));

const hopelessJob = fc
  .record({
    ...{ frames, nodes: fc.array(badNode, { minLength: 1, maxLength: 3 }), alreadyStored: fc.constant([]) },
    ...{ hasLies: fc.constant(false), choices: fc.constant([]) },
  })
  .filter(({ nodes }) => nodes.some(({ temper }) => temper !== "slotless"));

const soundJob = fc.record({
  ...{ frames, nodes: fc.array(goodNode, { minLength: 1, maxLength: 3 }), alreadyStored, hasLies: fc.constant(false) },
  // Messages cross in any order and links stay up: choices that do no harm.
  choices: fc.array(
    fc.tuple(fc.nat(19), fc.nat(2047)).map(([kind, pick]) => kind + pick * 32),
    { maxLength: 70 },
  ),
});

/** Runs many jobs; a failure is shrunk to the fewest choices, and reported with its seed. */
function tryJobs(jobs: fc.Arbitrary<FuzzJob>, count: number, check: (farm: FuzzFarm) => void): void {
  const totals = { jobs: 0, steps: 0, complete: 0, failed: 0, drained: 0 };
  const property = fc.property(jobs, (job) => {
    const farm = new FuzzFarm(job);
    farm.run();
    check(farm);
    totals.jobs++;
    totals.steps += farm.steps;
    if (farm.outcome) totals[farm.outcome.type]++;
  });
  try {
    fc.assert(property, { seed: fuzzSeed, numRuns: fuzzRuns(count) });
  } catch (error) {
    throw new Error(`${howToReplay}\n${error instanceof Error ? error.message : error}`, { cause: error });
  }
  console.log(
    `scheduler: ${totals.jobs} jobs, ${totals.steps} steps: ` +
      `${totals.complete} complete, ${totals.failed} failed, ${totals.drained} drained`,
  );
}

test(
  "whatever happens in whatever order, a job with a usable node ends once, with every frame accounted for",
  () => {
    tryJobs(anyJob, 12_000, () => {});
  },
  fuzzTimeoutMs,
);

test(
  "a job whose nodes all keep failing still ends, and does not claim to be complete",
  () => {
    tryJobs(hopelessJob, 800, ({ outcome }) => expect(outcome?.type).toBe("failed"));
  },
  fuzzTimeoutMs,
);

test(
  "while nodes work and links hold, every frame is stored, however messages cross",
  () => {
    tryJobs(soundJob, 10_000, ({ nodes, outcome }) => {
      expect(outcome).toEqual({ type: "complete" });
      expect(nodes.map(({ overflows }) => overflows)).toEqual(nodes.map(() => 0));
    });
  },
  fuzzTimeoutMs,
);
