import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { findBlender, findFfmpeg, findFfprobe, projectFolder } from "../setup/tools.mjs";

/**
 * @typedef {object} Options
 * @property {number} seed of the plan
 * @property {number} minutes in which faults are begun
 * @property {number} frames of each film
 * @property {number} samples per pixel: how long a frame takes
 * @property {number} limit minutes after which everything is ended, whatever hangs
 */

/** For the undisturbed render before the faults, what had no effect done again, the last film's end, and the proof. */
const minutesBeside = 28;

/**
 * @param {string[]} args
 * @returns {Options}
 * @throws {Error} That names what cannot be used
 */
export function readOptions(args) {
  const { values } = parseArgs({
    args,
    options: {
      seed: { type: "string", default: String(randomBytes(3).readUIntBE(0, 3)) },
      minutes: { type: "string", default: "3" },
      frames: { type: "string", default: "120" },
      samples: { type: "string", default: "60" },
      limit: { type: "string" },
    },
  });
  const minutes = above("minutes", values.minutes, 0);
  return {
    seed: whole("seed", values.seed, 0),
    minutes,
    frames: whole("frames", values.frames, 2),
    samples: whole("samples", values.samples, 1),
    limit: values.limit === undefined ? Math.ceil(minutes) + minutesBeside : above("limit", values.limit, 0),
  };
}

/** The command that does the same again. @param {Options} options */
export function replayOf({ seed, minutes, frames, samples, limit }) {
  const flags = `--seed ${seed} --minutes ${minutes} --frames ${frames} --samples ${samples} --limit ${limit}`;
  return `npm run chaos -- ${flags}`;
}

/** @returns {string | undefined} why chaos cannot be made here */
export function findProblem() {
  if (process.platform !== "linux") return "network namespaces need Linux";
  if (process.getuid?.() !== 0) return "network namespaces need root";
  if (!existsSync(join(projectFolder, "dist/cli/main.js"))) return "dist/ is not built: npm run build";
  if (findBlender() === undefined) return "there is no Blender: install it, or name it with BLENDER";
  if (findFfmpeg() === undefined || findFfprobe() === undefined) return "there is no FFmpeg with ffprobe";
  return undefined;
}

/** @param {string} name @param {string} text @param {number} least */
function whole(name, text, least) {
  const number = Number(text);
  if (Number.isSafeInteger(number) && number >= least) return number;
  throw new Error(`--${name} takes a whole number, ${least} or more: '${text}'`);
}

/** @param {string} name @param {string} text @param {number} bound */
function above(name, text, bound) {
  const number = Number(text);
  if (Number.isFinite(number) && number > bound) return number;
  throw new Error(`--${name} takes a number above ${bound}: '${text}'`);
}
