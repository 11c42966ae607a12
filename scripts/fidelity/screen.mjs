/** Renders feature scenes by one Blender, as its user would and as a slot does, and compares the pixels. */
import { execFile } from "node:child_process";
import { mkdir, readFile, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

/** @typedef {import("../blenders/tested.mjs").TestedBlender} TestedBlender */
/** @typedef {"persistent" | "kept" | "reopened" | "chosen"} Way how a process is used for several frames */
/**
 * How far a way's frames are from the truth.
 * @typedef {{largest: number, frames: number}} Difference `largest` of 255; of how many frames
 */

const execute = promisify(execFile);
const here = fileURLToPath(new URL("../..", import.meta.url));
const enter = join(here, "scripts/blenders/blender-in-root.sh");
const features = join(here, "test/fidelity");
/** Neither the first frame first, nor in order. */
const hops = [5, 2, 6, 3];
const limitMs = 300_000;

/**
 * @param {TestedBlender} blender
 * @param {string} folder
 * @param {readonly string[]} args
 */
async function runBlender(blender, folder, args) {
  const mounted = [features, join(here, "blender_scripts"), folder];
  const inRoot = [
    "sh",
    enter,
    blender.root ?? "",
    blender.display ?? "none",
    ...mounted,
    "--",
    blender.program,
    ...args,
  ];
  const [command = "", ...words] = blender.root === undefined ? [blender.program, ...args] : inRoot;
  const env = { PATH: process.env.PATH, HOME: folder, TMPDIR: folder, LANG: "C.UTF-8" };
  const options = { env, timeout: limitMs, killSignal: "SIGKILL", maxBuffer: 1 << 28 };
  return (
    await execute(command, words, /** @type {import("node:child_process").ExecFileOptions} */ (options))
  ).stdout.toString();
}

/**
 * Makes the scenes.
 *
 * @param {TestedBlender} blender
 * @param {string} folder
 * @param {readonly string[]} wanted all if empty
 * @returns {Promise<{made: string[], simulated: Set<string>, others: Map<string, string>}>} `simulated`: those of them
 *   whose truth is the played scene; `others`: why the rest was not made
 */
export async function makeScenes(blender, folder, wanted) {
  const told = await runBlender(blender, folder, [
    "-b",
    "--factory-startup",
    "-noaudio",
    "-P",
    join(features, "make.py"),
    "--",
    folder,
    ...wanted,
  ]);
  const lines = told.split("\n").map((line) => /^(made|simulated|unsupported|failed) (\w+)(?:: (.*))?$/.exec(line));
  /** @type {string[]} */
  const made = [];
  /** @type {Set<string>} */
  const simulated = new Set();
  /** @type {Map<string, string>} */
  const others = new Map();
  for (const [, outcome, name = "", why] of lines.filter((line) => line !== null)) {
    if (outcome === "simulated") simulated.add(name);
    if (outcome === "made" || outcome === "simulated") made.push(name);
    else others.set(name, `${outcome}: ${why}`);
  }
  return { made, simulated, others };
}

/**
 * Each frame by a new process: the truth.
 *
 * @param {TestedBlender} blender
 * @param {string} blend
 * @param {string} folder
 */
export async function renderTruth(blender, blend, folder) {
  await mkdir(folder, { recursive: true });
  const output = ["-noaudio", "-o", join(folder, "####"), "-F", "PNG", "-x", "1"];
  for (const frame of hops) await runBlender(blender, dirname(blend), ["-b", blend, ...output, "-f", String(frame)]);
}

/**
 * All frames by one process that plays the scene: the truth of a simulation.
 *
 * @param {TestedBlender} blender
 * @param {string} blend
 * @param {string} folder
 * @returns {Promise<number>} how far Blender is from itself if it renders only one of the frames: not at all, but for fluids
 */
export async function playTruth(blender, blend, folder) {
  const last = Math.max(...hops);
  for (const [into, frames] of /** @type {[string, number[]][]} */ ([
    [folder, hops],
    [`${folder}-again`, [last]],
  ])) {
    await mkdir(into, { recursive: true });
    const play = ["-noaudio", "--python-exit-code", "1", "-P", join(features, "play.py"), "--", into];
    await runBlender(blender, dirname(blend), ["-b", blend, ...play, ...frames.map(String)]);
  }
  const name = `${String(last).padStart(4, "0")}.png`;
  return await largestDifference(join(folder, name), join(`${folder}-again`, name));
}

/**
 * All frames by one process of a slot.
 *
 * @param {TestedBlender} blender
 * @param {string} blend
 * @param {Way} way
 * @param {string} folder
 * @returns {Promise<string>} the way, and for "chosen" why it was chosen
 */
export async function renderAsSlot(blender, blend, way, folder) {
  await mkdir(folder, { recursive: true });
  const start = [
    "-b",
    "--factory-startup",
    "-noaudio",
    "--python-exit-code",
    "1",
    "-P",
    join(features, "render.py"),
    "--",
  ];
  const told = await runBlender(blender, dirname(blend), [...start, blend, way, folder, ...hops.map(String)]);
  return /^way (.*)$/m.exec(told)?.[1] ?? "";
}

/**
 * @param {string} truth folder of "0005.png"
 * @param {string} ours folder of "5.png"
 * @returns {Promise<Difference>}
 */
export async function compare(truth, ours) {
  let [largest, frames] = [0, 0];
  for (const frame of hops) {
    const name = `${String(frame).padStart(4, "0")}.png`;
    const most = await largestDifference(join(truth, name), join(ours, `${frame}.png`));
    largest = Math.max(largest, most);
    if (most > 0) frames++;
  }
  return { largest, frames };
}

/**
 * @param {string} truth
 * @param {string} ours
 * @returns {Promise<number>}
 */
async function largestDifference(truth, ours) {
  const [one, other] = [await pixelsOf(truth), await pixelsOf(ours)];
  if (one.length !== other.length) throw new Error(`${ours} has another size`);
  let most = 0;
  for (let at = 0; at < one.length; at++) most = Math.max(most, Math.abs((one[at] ?? 0) - (other[at] ?? 0)));
  return most;
}

/** @param {string} path @returns {Promise<Buffer>} RGB */
async function pixelsOf(path) {
  const raw = `${path}.raw`;
  await execute("ffmpeg", ["-v", "error", "-y", "-i", path, "-pix_fmt", "rgb24", "-f", "rawvideo", raw]);
  const pixels = await readFile(raw);
  await rm(raw);
  return pixels;
}
