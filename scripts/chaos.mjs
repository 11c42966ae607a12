/**
 * A real farm of four nodes, and faults every few seconds, for minutes (test/chaos):
 * `node scripts/chaos.mjs [--seed N] [--minutes 3] [--frames 120] [--samples 60] [--limit MINUTES]`
 *
 * Ends with status 0 only if nothing was lost, 2 when it cannot run, 130 when it was interrupted. The same seed plans the
 * same faults for the same times.
 */
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { createVitest } from "vitest/node";
import { findBlender, findFfmpeg, findFfprobe, projectFolder } from "./setup/tools.mjs";

/** For the undisturbed first render, the faults that are repeated, the end of the last render, and the checks. */
const minutesBeside = 28;
/** The least whole number of each, and what it is otherwise; times may be any number above 0. */
const whole = { seed: [0, randomBytes(3).readUIntBE(0, 3)], frames: [2, 120], samples: [1, 60] };

/** @returns {Record<string, number>} @throws {Error} That names what cannot be used */
function readOptions() {
  const names = ["seed", "minutes", "frames", "samples", "limit"];
  const { values } = parseArgs({ options: Object.fromEntries(names.map((name) => [name, { type: "string" }])) });
  const minutes = Number(values.minutes ?? 3);
  const options = { seed: NaN, minutes, frames: NaN, samples: NaN, limit: Math.ceil(minutes) + minutesBeside };
  if (values.limit !== undefined) options.limit = Number(values.limit);
  for (const [name, [least, otherwise]] of Object.entries(whole)) {
    options[name] = Number(values[name] ?? otherwise);
    if (Number.isSafeInteger(options[name]) && options[name] >= least) continue;
    throw new Error(`--${name} takes a whole number, ${least} or more: '${values[name]}'`);
  }
  for (const name of ["minutes", "limit"]) {
    if (!Number.isFinite(options[name]) || options[name] <= 0)
      throw new Error(`--${name} takes a number above 0: '${values[name]}'`);
  }
  return options;
}

/** @returns {string | undefined} why chaos cannot be made here */
function findProblem() {
  if (process.platform !== "linux") return "network namespaces need Linux";
  if (process.getuid?.() !== 0) return "network namespaces need root";
  if (!existsSync(join(projectFolder, "dist/cli/main.js"))) return "dist/ is not built: npm run build";
  if (findBlender() === undefined) return "there is no Blender: install it, or name it with BLENDER";
  return findFfmpeg() && findFfprobe() ? undefined : "there is no FFmpeg with ffprobe";
}

function optionsOrExit() {
  try {
    const options = readOptions();
    const problem = findProblem();
    if (problem === undefined) return options;
    console.error(`Cannot run: ${problem}`);
  } catch (error) {
    console.error(`Cannot run: ${error instanceof Error ? error.message : error}`);
  }
  process.exit(2);
}

const options = optionsOrExit();
const flags = Object.entries(options).map(([name, value]) => `--${name} ${value}`);
const replay = `npm run chaos -- ${flags.join(" ")}`;
console.log(`seed ${options.seed}, at most ${options.limit} minutes; the same faults again with  ${replay}`);
Object.assign(process.env, { CHAOS_OPTIONS: JSON.stringify(options), BLENDER: findBlender() });

const vitest = await createVitest("test", { root: projectFolder, project: ["chaos"], watch: false });
let wasInterrupted = false;
const interrupt = () => {
  wasInterrupted = true;
  vitest.cancelCurrentRun("keyboard-input").catch(() => {});
};
for (const name of ["SIGINT", "SIGTERM", "SIGHUP"]) {
  process.removeAllListeners(name); // vitest's own handlers would exit at once, and leave the farm running
  process.on(name, interrupt);
}
process.stdout.on("error", interrupt); // nobody reads the output any more
await vitest.start();
const isGood = vitest.state.getCountOfFailedTests() === 0 && vitest.state.getUnhandledErrors().length === 0;
await vitest.close();
const failed = `seed ${options.seed}: FAILED; again with  ${replay}`;
console.log(wasInterrupted ? "interrupted" : isGood ? `seed ${options.seed}: nothing was lost` : failed);
process.exit(wasInterrupted ? 130 : isGood ? 0 : 1);
