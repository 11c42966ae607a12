import { setTimeout as delay } from "node:timers/promises";
import { expect, test, vi } from "vitest";
import { farmLabProblem, requireBuild } from "../support/lab/lab.ts";
import { testRunVariable } from "../support/processes.ts";
import { isSoon } from "../support/wait-for.ts";
import { openChaosFarm } from "./chaos-farm.ts";
import { disturb } from "./director.ts";
import { keepEvidence, whatHangs } from "./evidence.ts";
import { watchForOrphans } from "./orphans.ts";
import { onceEach, planOf } from "./plan.ts";
import { Report } from "./report.ts";
import { sumUp } from "./summary.ts";
import { World } from "./world.ts";

/** What scripts/chaos.mjs has read from the command line. */
const { seed, minutes, frames, samples, limit } = {
  ...{ seed: 1, minutes: 3, frames: 120, samples: 60, limit: 31 },
  ...(JSON.parse(process.env.CHAOS_OPTIONS ?? "{}") as Record<string, number>),
};
/** When nothing disturbs any more: a node may keep a job that was broken off for ten minutes before it is free. */
const endsWithinMs = 11 * 60_000;
const limitMs = limit * 60_000;
const bakesWithinMs = 120_000;
/** For what is said of a run that did not end in time. */
const closesWithinMs = 60_000;

/**
 * A real farm of four nodes, and faults every few seconds, for minutes. Every frame of every job is stored once, identical
 * to an undisturbed render and in the video, also where a node has baked a simulation; nothing ended that no fault has ended, every kind of fault hit something, and
 * nothing is left behind.
 */
test("whatever happens to a farm, nothing is lost", { timeout: limitMs + closesWithinMs }, async (context) => {
  if (farmLabProblem !== undefined) throw new Error(`Cannot run: ${farmLabProblem}`);
  requireBuild();
  // A terminal's Ctrl-C comes here too; scripts/chaos.mjs cancels the run for it, and all is cleaned up.
  for (const name of ["SIGINT", "SIGHUP"]) process.on(name, () => {});
  const over = new AbortController();
  const signal = AbortSignal.any([over.signal, context.signal]);
  const report = new Report(signal);
  const farm = await openChaosFarm(report, signal);
  vi.stubEnv(testRunVariable, farm.lab.run); // what the test itself starts is ended with the rest
  let world: World | undefined;
  const run = async () => {
    report.enter("the undisturbed render");
    world = await World.make(farm, frames, samples);
    await chaos(world);
  };
  try {
    await Promise.race([run(), failsAfter(limitMs, signal, "not over")]);
  } catch (error) {
    const text = error instanceof Error ? error.stack : String(error);
    report.complain(`${text}\nin ${report.phase}; what hangs:\n${await whatHangs(farm, world)}`);
  }
  context.signal.throwIfAborted();
  over.abort(new Error("it is over"));
  if (report.complaints.length > 0) {
    console.log(`What the jobs left and what the nodes printed is in ${await keepEvidence(farm)}`);
  }
  expect(report.complaints.map((text) => text.split("\n")[0])).toEqual([]);
});

/** From the start of the nodes to the proof. */
async function chaos(world: World): Promise<void> {
  const { farm, film, besides } = world;
  const { report, nodes, signal } = farm;
  report.enter("the start of the nodes");
  await Promise.all(nodes.map((node) => node.start()));
  watchForOrphans(farm).catch((error) => report.complain(`nobody watches for orphans: ${error}`));

  report.enter("a bake");
  const simulated = world.beside();
  const bakes = () => simulated.current?.run.all("bake:ended") ?? [];
  if (!(await isSoon(() => bakes().length > 0, bakesWithinMs, signal)) || bakes()[0]?.why !== null)
    report.complain(`nothing was baked: ${bakes()[0]?.why}`);

  report.enter("the faults");
  const names = nodes.map(({ name }) => name);
  const wholePlan = planOf(seed, minutes, names);
  for (const { fault } of onceEach(wholePlan))
    if (fault.problem) report.say(`not here: ${fault.name}, as ${fault.problem}`);
  const plan = wholePlan.filter(({ fault }) => fault.problem === undefined);
  let isDisturbed = true;
  const disturbing = disturb(world, plan).finally(() => {
    isDisturbed = false;
  });
  const tooLong = disturbing.then(() => {
    report.enter("the end of the last jobs");
    return failsAfter(endsWithinMs, signal, "the jobs have not ended");
  });
  tooLong.catch(() => {});
  for (let number = 1; isDisturbed; number += 1) {
    await Promise.race([world.begin(film, `film${number}.mp4`).run(), tooLong]);
  }
  await Promise.race([Promise.all(besides), tooLong]);

  report.enter("the proof");
  const kinds = onceEach(plan).map(({ fault }) => fault.name);
  await sumUp(world, kinds);
}

async function failsAfter(ms: number, signal: AbortSignal, what: string): Promise<never> {
  await delay(ms, undefined, { signal });
  throw new Error(`${what} after ${ms / 60_000} minutes`);
}
