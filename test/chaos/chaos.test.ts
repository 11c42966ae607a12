import { setTimeout as delay } from "node:timers/promises";
import { expect, test, vi } from "vitest";
import { farmLabProblem, requireBuild } from "../support/lab/lab.ts";
import { testRunVariable } from "../support/processes.ts";
import { ChaosFarm } from "./chaos-farm.ts";
import { ChaosRun } from "./chaos-run.ts";
import { keepEvidence, whatHangs } from "./evidence.ts";
import { options } from "./options.ts";
import { Report } from "./report.ts";

const limitMs = options.limit * 60_000;
/** Time to report about a run that did not end in time. */
const closesWithinMs = 60_000;

/**
 * A real farm of four nodes, with faults every few seconds, for minutes. Expects that every frame of every job is
 * stored once, is identical to an undisturbed render and is in the video; that no program ended without a fault; that
 * every kind of fault hit something; and that nothing is left behind.
 */
test("whatever happens to a farm, no frame is lost", { timeout: limitMs + closesWithinMs }, async ({
  signal: cancelled,
}) => {
  if (farmLabProblem !== undefined) throw new Error(`Cannot run: ${farmLabProblem}`);
  requireBuild();
  // A terminal's Ctrl-C also reaches this process; scripts/chaos.mjs cancels the run, and everything is cleaned up.
  for (const name of ["SIGINT", "SIGHUP"]) process.on(name, () => {});
  const over = new AbortController();
  const signal = AbortSignal.any([over.signal, cancelled]);
  const report = new Report(signal);
  const farm = await ChaosFarm.open(report, signal);
  vi.stubEnv(testRunVariable, farm.lab.run); // programs that the test itself starts are ended with the rest
  const run = new ChaosRun(farm, options);
  try {
    await Promise.race([run.run(), watchdog(signal)]);
  } catch (error) {
    const text = error instanceof Error ? error.stack : String(error);
    report.complain(`${text}\nin ${report.phase}; what hangs:\n${await whatHangs(farm, run)}`);
  }
  over.abort(new Error("it is over"));
  cancelled.throwIfAborted();
  if (report.complaints.length > 0) {
    console.log(`What the jobs left and what the nodes printed is in ${await keepEvidence(farm)}`);
  }
  expect(report.complaints.map((text) => text.split("\n")[0])).toEqual([]);
});

/** Never resolves. */
async function watchdog(signal: AbortSignal): Promise<never> {
  await delay(limitMs, undefined, { signal });
  throw new Error(`not over after ${options.limit} minutes`);
}
