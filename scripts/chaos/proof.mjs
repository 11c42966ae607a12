import { execFile } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { readLines } from "./farm.mjs";

const run = promisify(execFile);

/**
 * @typedef {object} Proof
 * @property {number} expected
 * @property {number} stored frames in the record, each of them once
 * @property {number} repeated frames that are in the record more than once: rendered again although they were stored
 * @property {number} identical stored frames whose pixels are those of the undisturbed render
 * @property {number} inVideo frames that can be decoded from the video
 * @property {boolean} isSameVideo whether the video is the one that an undisturbed encoder makes of the frames
 */

/** MD5 of each frame's pixels, in the order of the files' names. @param {string} folder */
export async function pixelsOf(folder) {
  const names = readdirSync(folder).filter((name) => /^\d+\.png$/.test(name));
  const pattern = ["-f", "image2", "-pattern_type", "glob", "-i", join(folder, "*.png"), "-pix_fmt", "rgb24"];
  const pixels = digests((await run("ffmpeg", ["-v", "error", ...pattern, "-f", "framemd5", "-"])).stdout);
  if (pixels.length !== names.length) throw new Error(`Only ${pixels.length} of ${names.length} frames can be decoded`);
  return new Map(names.sort().map((name, index) => [Number(name.slice(0, -4)), pixels[index] ?? ""]));
}

/**
 * Compares a finished job with the undisturbed render of the same scene.
 *
 * @param {string} output
 * @param {ReadonlyMap<number, string>} reference
 * @param {string} undisturbed a video of the same frames that nothing has disturbed
 * @returns {Promise<Proof>}
 */
export async function prove(output, reference, undisturbed) {
  const records = readLines(`${output}.renderfarm/frames.ndjson`).map((line) => Number(JSON.parse(line).frame));
  const pixels = await pixelsOf(`${output}.renderfarm/frames`);
  const frames = new Set(records);
  return {
    expected: reference.size,
    stored: [...frames].filter((frame) => pixels.has(frame)).length,
    repeated: records.length - frames.size,
    identical: [...reference].filter(([frame, digest]) => pixels.get(frame) === digest).length,
    inVideo: digests((await run("ffmpeg", ["-v", "error", "-i", output, "-f", "framemd5", "-"])).stdout).length,
    isSameVideo: (await streamMd5(output)) === (await streamMd5(undisturbed)),
  };
}

/** @param {Proof} proof */
export function isWhole({ expected, stored, repeated, identical, inVideo, isSameVideo }) {
  return stored === expected && identical === expected && inVideo === expected && repeated === 0 && isSameVideo;
}

/** @param {string} text */
function digests(text) {
  const lines = text.split("\n").filter((line) => /^\d+,/.test(line));
  return lines.map(
    (line) =>
      line
        .trim()
        .split(/[,\s]+/)
        .at(-1) ?? "",
  );
}

/** @param {string} file */
async function streamMd5(file) {
  return (await run("ffmpeg", ["-v", "error", "-i", file, "-map", "0", "-c", "copy", "-f", "md5", "-"])).stdout;
}
