/**
 * A real farm of four nodes, and faults every few seconds, for minutes:
 * `node scripts/chaos.mjs [--seed N] [--minutes M] [--frames 120] [--samples 60]`
 *
 * Ends with status 0 only if every frame of every job is stored once, identical to an undisturbed render and in the video,
 * and nothing is left behind. The same seed does the same faults at the same times.
 */
import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs, promisify } from "node:util";
import { ChaosFarm } from "./chaos/farm.mjs";
import { planOf } from "./chaos/faults.mjs";
import { remaining } from "./chaos/processes.mjs";
import { isWhole, pixelsOf, prove } from "./chaos/proof.mjs";
import { projectFolder } from "./setup/tools.mjs";

const run = promisify(execFile);
const names = ["north", "east", "south", "west"];
/** Time in which a job that nothing disturbs any more must end. */
const endsWithinMs = 240_000;

const { values } = parseArgs({
  options: {
    seed: { type: "string", default: String(randomBytes(3).readUIntBE(0, 3)) },
    minutes: { type: "string", default: "3" },
    frames: { type: "string", default: "120" },
    samples: { type: "string", default: "60" },
  },
});
const [seed, minutes, frames] = [Number(values.seed), Number(values.minutes), Number(values.frames)];

const problem = findProblem();
if (problem !== undefined) {
  console.error(`Cannot run: ${problem}`);
  process.exit(2);
}

const stop = new AbortController();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => stop.abort(new Error("interrupted")));
process.stdout.on("error", () => stop.abort(new Error("nobody reads")));

const startedMs = performance.now();
const folder = mkdtempSync(join(tmpdir(), "renderfarm-chaos-"));
const mark = randomBytes(6).toString("hex");
const key = Array.from(randomBytes(32), (byte) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[byte % 32]).join("");
const farm = new ChaosFarm({ mark, folder, blender: process.env.BLENDER ?? "blender", key });

/** @returns {Promise<number>} the exit status */
async function chaos() {
  console.log(`seed ${seed}: the same faults again with  node scripts/chaos.mjs --seed ${seed} --minutes ${minutes}`);
  const { blendfile, reference, undisturbed } = await makeReference();
  say(`undisturbed: ${reference.size} frames`);
  await farm.open(names);
  say(`${names.length} nodes are ready`);

  /** @type {string[]} */
  const complaints = [];
  /** @type {Job[]} */
  const jobs = [];
  const quiet = new AbortController();
  const disturbing = disturb(AbortSignal.any([stop.signal, quiet.signal]), () => jobs.at(-1));
  disturbing.catch(() => {});
  const untilMs = performance.now() + minutes * 60_000;
  while (jobs.length === 0 || performance.now() < untilMs) {
    stop.signal.throwIfAborted();
    const job = new Job(blendfile, join(folder, `film${jobs.length + 1}.mp4`), complaints);
    jobs.push(job);
    await untilEnd(job, untilMs, disturbing);
  }
  quiet.abort();
  await disturbing;

  console.log("");
  let isGood = true;
  for (const { output, starts, ends } of jobs) {
    const proof = await prove(output, reference, undisturbed);
    isGood &&= isWhole(proof);
    const { expected, stored, identical, inVideo, repeated, isSameVideo } = proof;
    const name = output.slice(folder.length + 1);
    console.log(
      `${name}: ${expected} frames expected, ${stored} stored, ${identical} identical, ${inVideo} in the video`,
    );
    console.log(`  ${repeated} stored frames rendered again; video as undisturbed: ${isSameVideo ? "yes" : "NO"}`);
    console.log(`  ${starts} starts of the coordinator: ${ends.join(", ")}`);
  }
  for (const complaint of complaints) console.log(`WRONG: ${complaint}`);
  const left = await leftovers();
  for (const thing of left) console.log(`LEFT BEHIND: ${thing}`);
  isGood &&= complaints.length === 0 && left.length === 0;
  console.log(isGood ? `seed ${seed}: nothing was lost` : `seed ${seed}: FAILED`);
  return isGood ? 0 : 1;
}

/** Faults first; when the time is up and everything is mended, the job must end by itself.
 * @param {Job} job @param {number} untilMs @param {Promise<void>} disturbing */
async function untilEnd(job, untilMs, disturbing) {
  const over = job.run(stop.signal);
  const calm = new AbortController();
  const patience = (async () => {
    await delay(Math.max(0, untilMs - performance.now()), undefined, { signal: calm.signal });
    await disturbing;
    await delay(endsWithinMs, undefined, { signal: calm.signal });
    throw new Error(`The job did not end although nothing disturbs it any more:\n${job.story()}`);
  })();
  patience.catch(() => {});
  try {
    await Promise.race([over, patience]);
  } finally {
    calm.abort();
  }
}

/** Does what the plan says until its end; resolves when every fault is undone.
 * @param {AbortSignal} signal @param {() => Job | undefined} jobNow */
async function disturb(signal, jobNow) {
  const beganMs = performance.now();
  /** @type {Promise<void>[]} */
  const running = [];
  const coordinator = {
    end: (/** @type {NodeJS.Signals} */ name) => jobNow()?.kill(name),
    double: async () => (await jobNow()?.double()) ?? "there was no job",
  };
  for (const { atSeconds, fault, name, seconds } of planOf(seed, minutes, names)) {
    await delay(Math.max(0, beganMs + atSeconds * 1_000 - performance.now()), undefined, { signal }).catch(() => {});
    if (signal.aborted) break;
    const node = farm.nodes.find((candidate) => candidate.name === name);
    if (node === undefined) continue;
    const what = fault.isOfNode ? `${name}: ${fault.name}` : fault.name;
    if (fault.isOfNode && node.isBusy) {
      say(`${what} – not done, another fault is at work there`);
      continue;
    }
    if (fault.isOfNode) node.isBusy = true;
    const stored = jobNow()?.stored ?? 0;
    say(`${what} (${seconds} s; ${stored} stored)`);
    running.push(
      fault
        .run({ farm, node, seconds, signal, coordinator })
        .then((told) => (told === undefined ? undefined : say(`  ${what}: ${told}`)))
        .catch((error) => say(`  ${what} could not be done: ${error instanceof Error ? error.message : error}`))
        .finally(() => {
          if (fault.isOfNode) node.isBusy = false;
        }),
    );
  }
  await Promise.all(running);
  // A fault that was overtaken by another may have left a node away.
  for (const node of farm.nodes) {
    if (signal.aborted && stop.signal.aborted) return;
    const { child } = node;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) await farm.start(node);
  }
  say("all faults are done and mended");
}

/** One film: the same command again and again until it has ended well. */
class Job {
  starts = 0;
  /** @type {string[]} how each start ended */
  ends = [];
  output;
  #args;
  #complaints;
  /** @type {ReturnType<ChaosFarm["coordinate"]> | undefined} */
  #current;
  /** @type {NodeJS.Signals | undefined} */
  #killedBy;

  /** @param {string} blendfile @param {string} output @param {string[]} complaints */
  constructor(blendfile, output, complaints) {
    this.output = output;
    this.#args = ["--blend", blendfile, "--output", output, "--keep-frames", "--yes", "--no-save-farmspec"];
    this.#complaints = complaints;
  }

  /** Frames that the running coordinator has stored. */
  get stored() {
    return this.#current?.events.filter(({ type }) => type === "frame:stored").length ?? 0;
  }

  /** @param {AbortSignal} signal */
  async run(signal) {
    for (;;) {
      signal.throwIfAborted();
      this.#killedBy = undefined;
      this.starts += 1;
      this.#current = farm.coordinate(this.#args);
      const { code, stderr } = await this.#current.ended;
      signal.throwIfAborted();
      const last = this.#current.events.at(-1);
      const end = this.#killedBy ?? (code === 0 ? "completed" : `${code} ${last?.code ?? last?.type}`);
      this.ends.push(end);
      if (code === 0) return;
      if (this.#killedBy === undefined)
        say(`  the coordinator ended with ${end}: ${String(last?.message).slice(0, 300)}`);
      if (code === 1 || /This is a bug/.test(stderr)) this.#complaints.push(`a bug: ${stderr.slice(-2_000)}`);
      await delay(this.#killedBy === undefined ? 1_000 : 300);
    }
  }

  /** @param {NodeJS.Signals} signal */
  kill(signal) {
    this.#killedBy = signal;
    this.#current?.child.kill(signal);
  }

  /** Gives the same command beside the running one: it must be refused, or find nothing left to do. */
  async double() {
    const second = farm.coordinate(this.#args);
    const timer = setTimeout(() => second.child.kill("SIGKILL"), 20_000);
    const { code } = await second.ended;
    clearTimeout(timer);
    return `ended with ${code} ${second.events.at(-1)?.code ?? ""}`;
  }

  story() {
    const events = this.#current?.events.slice(-30) ?? [];
    return events.map((event) => JSON.stringify(event).slice(0, 240)).join("\n");
  }
}

/** Builds the scene and renders it without anything that disturbs: what every job must come to. */
async function makeReference() {
  const work = join(folder, "reference");
  mkdirSync(work);
  mkdirSync(farm.temporary, { recursive: true });
  const blendfile = join(work, "scene.blend");
  const blender = process.env.BLENDER ?? "blender";
  const options = { env: farm.environment(), cwd: work, signal: stop.signal, maxBuffer: 64 * 1024 * 1024 };
  const recipe = join(projectFolder, "test/support/scenes/keyframed.py");
  const quiet = ["-b", "--factory-startup", "-noaudio", "--python-exit-code", "1"];
  await run(blender, [...quiet, "-P", recipe, "--", blendfile, String(frames), String(values.samples)], options);
  await run(blender, ["-b", blendfile, "-noaudio", "-o", join(work, "frames/#######"), "-F", "PNG", "-a"], options);
  const reference = await pixelsOf(join(work, "frames"));
  if (reference.size !== frames) throw new Error(`The undisturbed render has ${reference.size} frames, not ${frames}`);

  // The undisturbed video is this program's own, of a farm of one embedded node: the same frames by the same encoder.
  const undisturbed = join(work, "undisturbed.mp4");
  const program = join(projectFolder, "dist/cli/main.js");
  const args = ["--blend", blendfile, "--output", undisturbed, "--local", "--slots", "2", "--yes", "--json"];
  await run(process.execPath, [program, ...args], options);
  return { blendfile, reference, undisturbed };
}

/** What is still there when every node was ended by its owner. */
async function leftovers() {
  await Promise.all(farm.nodes.map((node) => farm.stop(node)));
  const processes = await remaining(mark, 15_000);
  const files = [farm.temporary, ...farm.leftovers()].flatMap((place) =>
    readdirSync(place, { recursive: true }).map((name) => join(place, String(name))),
  );
  return [...processes.map(({ pid, command }) => `process ${pid}: ${command}`), ...files];
}

/** @returns {string | undefined} */
function findProblem() {
  if (process.platform !== "linux") return "network namespaces need Linux";
  if (process.getuid?.() !== 0) return "network namespaces need root";
  if (!existsSync(join(projectFolder, "dist/cli/main.js"))) return "dist/ is not built: npm run build";
  if (!Number.isInteger(seed) || !(minutes > 0) || !Number.isInteger(frames) || frames < 1)
    return "an option is no number";
  return undefined;
}

/** @param {string} text */
function say(text) {
  const seconds = ((performance.now() - startedMs) / 1_000).toFixed(1).padStart(6);
  console.log(`${seconds}  ${text}`);
}

try {
  process.exitCode = await chaos();
} catch (error) {
  say(stop.signal.aborted ? "interrupted" : `failed: ${error instanceof Error ? error.stack : error}`);
  process.exitCode = stop.signal.aborted ? 130 : 1;
} finally {
  stop.abort(new Error("it is over"));
  await farm.close();
  rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
}
