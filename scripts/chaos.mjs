/**
 * A real farm of four nodes, and faults every few seconds, for minutes (test/chaos):
 * `node scripts/chaos.mjs [--seed N] [--minutes 3] [--frames 120] [--samples 60] [--limit MINUTES]`
 *
 * Ends with status 0 only if nothing was lost; 2 when it cannot run, 130 when it was interrupted. The same seed plans the
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
const string = /** @type {const} */ ("string");

/** @returns {Record<string, string>} the flags, all of them */
function readOptions() {
  const seed = String(randomBytes(3).readUIntBE(0, 3));
  const { values } = parseArgs({
    options: {
      seed: { type: string, default: seed },
      minutes: { type: string, default: "3" },
      frames: { type: string, default: "120" },
      samples: { type: string, default: "60" },
      limit: { type: string },
    },
  });
  const options = { ...values, limit: values.limit ?? String(Math.ceil(Number(values.minutes)) + minutesBeside) };
  for (const [name, least] of Object.entries({ seed: 0, frames: 2, samples: 1 })) {
    const isFine = Number.isSafeInteger(Number(options[name])) && Number(options[name]) >= least;
    if (!isFine) throw new Error(`--${name} takes a whole number, ${least} or more: '${options[name]}'`);
  }
  for (const name of ["minutes", "limit"]) {
    const isFine = Number.isFinite(Number(options[name])) && Number(options[name]) > 0;
    if (!isFine) throw new Error(`--${name} takes a number above 0: '${options[name]}'`);
  }
  return options;
}

/** @throws {Error} That says why chaos cannot be made here */
function checkMachine() {
  if (process.platform !== "linux") throw new Error("network namespaces need Linux");
  if (process.getuid?.() !== 0) throw new Error("network namespaces need root");
  if (!existsSync(join(projectFolder, "dist/cli/main.js"))) throw new Error("dist/ is not built: npm run build");
  if (findBlender() === undefined) throw new Error("there is no Blender: install it, or name it with BLENDER");
  if (!findFfmpeg() || !findFfprobe()) throw new Error("there is no FFmpeg with ffprobe");
}

function optionsOrExit() {
  try {
    const options = readOptions();
    checkMachine();
    return options;
  } catch (error) {
    console.error(`Cannot run: ${error instanceof Error ? error.message : error}`);
    process.exit(2);
  }
}

const options = optionsOrExit();
const flags = ["seed", "minutes", "frames", "samples", "limit"].map((name) => `--${name} ${options[name]}`);
const replay = `npm run chaos -- ${flags.join(" ")}`;
console.log(`seed ${options.seed}, at most ${options.limit} minutes; the same faults again with  ${replay}`);
for (const [name, value] of Object.entries(options)) process.env[`CHAOS_${name.toUpperCase()}`] = value;
process.env.BLENDER = findBlender();

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
if (wasInterrupted) console.log("interrupted");
else
  console.log(
    isGood ? `seed ${options.seed}: nothing was lost` : `seed ${options.seed}: FAILED; again with  ${replay}`,
  );
process.exit(wasInterrupted ? 130 : isGood ? 0 : 1);
