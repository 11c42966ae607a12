import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/**
 * @typedef {object} Proof
 * @property {number} expected
 * @property {number} stored frames whose file is there and is the one in the record
 * @property {number} identical stored frames whose pixels are those of the undisturbed render
 * @property {number} once frames that are in the record once, or once more for each time that their file was damaged
 * @property {number} inVideo frames that can be decoded from the video
 * @property {boolean} isSameVideo whether what is decoded, and the encoded stream too, are those of the undisturbed video
 * @property {string[]} wrong what is not as it should be
 */

/** MD5 of each frame's pixels, by the numbers in the files' names. @param {string} folder */
export async function pixelsOf(folder) {
  const names = readdirSync(folder)
    .filter((name) => /^\d+\.png$/.test(name))
    .sort();
  const pattern = ["-f", "image2", "-pattern_type", "glob", "-i", join(folder, "*.png"), "-pix_fmt", "rgb24"];
  const pixels = await digestsOf(pattern);
  if (pixels.length !== names.length) throw new Error(`Only ${pixels.length} of ${names.length} frames can be decoded`);
  return new Map(names.map((name, index) => [Number(name.slice(0, -4)), pixels[index] ?? ""]));
}

/**
 * Compares a finished job with the undisturbed render of the same scene.
 *
 * @param {import("./job.mjs").Job} job
 * @returns {Promise<Proof>}
 */
export async function prove({ output, film, damaged }) {
  const folder = `${output}.renderfarm`;
  const records = readLines(`${folder}/frames.ndjson`).map((line) => JSON.parse(line));
  const pixels = await pixelsOf(`${folder}/frames`);
  const frames = [...film.pixels.keys()];
  const [packets, decoded, shown, meant, stream, meantStream] = await Promise.all([
    countOf(output, "packets"),
    countOf(output, "frames"),
    digestsOf(["-i", output]),
    digestsOf(["-i", film.video]),
    streamOf(output),
    streamOf(film.video),
  ]);
  const recordsOf = (/** @type {number} */ frame) => records.filter((record) => record.frame === frame);
  const isRecordedOnce = (/** @type {number} */ frame) => {
    const [times, count] = [damaged.get(frame) ?? 0, recordsOf(frame).length];
    return count >= 1 + Math.min(1, times) && count <= 1 + times;
  };
  const proof = {
    expected: frames.length,
    stored: frames.filter((frame) => sha256Of(folder, frame) === recordsOf(frame).at(-1)?.sha256).length,
    identical: frames.filter((frame) => pixels.get(frame) === film.pixels.get(frame)).length,
    once: frames.filter(isRecordedOnce).length,
    inVideo: decoded,
    isSameVideo: shown.join() === meant.join() && stream === meantStream,
    wrong: /** @type {string[]} */ ([]),
  };
  for (const count of /** @type {const} */ (["stored", "identical", "once", "inVideo"])) {
    if (proof[count] !== proof.expected) proof.wrong.push(`${proof[count]} of ${proof.expected} frames ${count}`);
  }
  if (packets !== proof.expected) proof.wrong.push(`${packets} packets in the video`);
  if (!proof.isSameVideo) proof.wrong.push("the video is not the undisturbed one");
  const others = [...pixels.keys(), ...records.map(({ frame }) => frame)].filter((frame) => !film.pixels.has(frame));
  if (others.length > 0) proof.wrong.push(`frames that nobody asked for: ${[...new Set(others)].join(" ")}`);
  return proof;
}

/** @param {string} folder @param {number} frame */
function sha256Of(folder, frame) {
  const file = join(folder, "frames", `${String(frame).padStart(7, "0")}.png`);
  return existsSync(file) ? createHash("sha256").update(readFileSync(file)).digest("hex") : "";
}

/** MD5 of each decoded picture, in order. @param {string[]} input */
async function digestsOf(input) {
  const { stdout } = await run("ffmpeg", ["-v", "error", ...input, "-f", "framemd5", "-"]);
  return stdout.split("\n").flatMap((line) => /^\d+,.*\b([0-9a-f]{32})$/.exec(line.trim())?.[1] ?? []);
}

/** @param {string} video @param {"packets" | "frames"} what */
async function countOf(video, what) {
  const ask = [`-count_${what}`, "-select_streams", "v:0", "-show_entries", `stream=nb_read_${what}`, "-of", "csv=p=0"];
  return Number((await run("ffprobe", ["-v", "error", ...ask, video])).stdout);
}

/** @param {string} video */
async function streamOf(video) {
  return (await run("ffmpeg", ["-v", "error", "-i", video, "-map", "0", "-c", "copy", "-f", "md5", "-"])).stdout;
}

/** @param {string} file */
function readLines(file) {
  if (!existsSync(file)) return [];
  return readFileSync(file, "utf8")
    .split("\n")
    .filter((line) => line !== "");
}
