import { execFile } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { projectFolder } from "../setup/tools.mjs";
import { isInOrder } from "./order.mjs";
import { pixelsOf } from "./proof.mjs";

const run = promisify(execFile);

/**
 * A scene, and what every job of it must come to.
 *
 * @typedef {object} Film
 * @property {string} blendfile
 * @property {ReadonlyMap<number, string>} pixels MD5 of each frame's pixels, of a render that nothing has disturbed
 * @property {string} video of a job that nothing has disturbed
 * @property {number} holds how many faults keep it from being asked for just now
 */

/**
 * Builds a scene and renders it without anything that disturbs.
 *
 * @param {import("./farm.mjs").ChaosFarm} farm for its environment
 * @param {object} scene
 * @param {string} scene.folder
 * @param {string} scene.blender
 * @param {number} scene.frames
 * @param {number} scene.samples
 * @param {string} scene.hangs folder in which a file by a node's name makes that node's Blender hang
 * @param {AbortSignal} signal
 * @returns {Promise<Film>}
 */
export async function makeFilm(farm, { folder, blender, frames, samples, hangs }, signal) {
  mkdirSync(folder, { recursive: true });
  const blendfile = join(folder, "scene.blend");
  const options = { env: farm.environment(), cwd: folder, signal, maxBuffer: 64 * 1024 * 1024 };
  const build = ["-b", "--factory-startup", "-noaudio", "--python-exit-code", "1"];
  const recipe = join(projectFolder, "test/support/scenes/keyframed.py");
  await run(blender, [...build, "-P", recipe, "--", blendfile, String(frames), String(samples)], options);
  const hang = fileURLToPath(new URL("add_hang.py", import.meta.url));
  await run(blender, [...build, blendfile, "-P", hang, "--", hangs], options);
  const rendered = join(folder, "frames");
  await run(blender, ["-b", blendfile, "-noaudio", "-o", join(rendered, "#######"), "-F", "PNG", "-a"], options);
  const pixels = await pixelsOf(rendered);
  if (pixels.size !== frames) throw new Error(`The undisturbed render has ${pixels.size} frames, not ${frames}`);

  // The undisturbed video is this program's own, of a farm of one embedded node: the same frames by the same encoder.
  const video = join(folder, "undisturbed.mp4");
  const program = join(projectFolder, "dist/cli/main.js");
  const job = ["--blend", blendfile, "--output", video, "--local", "--slots", "2", "--blender", blender];
  await run(process.execPath, [program, ...job, "--yes", "--json"], options);
  if (!(await isInOrder(video, rendered))) throw new Error("The undisturbed video is not what Blender has rendered");
  return { blendfile, pixels, video, holds: 0 };
}
