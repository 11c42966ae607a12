import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { blenderPath, renderAlone, renderPlayed, saveScene } from "../support/blender.ts";
import type { FarmLab } from "../support/lab/lab.ts";
import { isInOrder } from "./order.ts";

/** An undisturbed video of many frames takes minutes. */
const videoWithinMs = 30 * 60_000;

/** A scene, and what every job must make of it. */
export interface Film {
  readonly blendfile: string;
  /** Whether it needs the scripts in it. */
  readonly hasScripts: boolean;
  /** MD5 of each frame's pixels, from a render by Blender alone. */
  readonly pixels: ReadonlyMap<number, string>;
  /** The video of a job that no fault has disturbed. */
  readonly video: string;
  /** How many faults currently keep the command for it from being started. */
  holds: number;
}

/**
 * Builds a scene and renders it without faults.
 *
 * @param hangs Folder in which a file named after a node makes that node's Blender hang; without it, the scene has a
 * simulation
 */
export async function makeFilm(
  lab: FarmLab,
  name: string,
  { frames, samples, hangs }: { frames: number; samples: number; hangs?: string },
): Promise<Film> {
  const folder = lab.path(name);
  await mkdir(folder);
  const blendfile = join(folder, "scene.blend");
  await saveScene("keyframed.py", blendfile, [String(frames), String(samples)]);
  const hasScripts = hangs !== undefined;
  await (hasScripts ? saveScene("hanging.py", blendfile, [hangs]) : saveScene("clothed.py", blendfile, []));
  const rendered = join(folder, "frames");
  await (hasScripts ? renderAlone(blendfile, rendered) : renderPlayed(blendfile, rendered, frames));
  const pixels = await pixelsIn(rendered);
  if (pixels.size !== frames) throw new Error(`The undisturbed render has ${pixels.size} frames, not ${frames}`);

  // This program itself makes the undisturbed video, with one embedded node: the same frames by the same encoder.
  const video = join(folder, "undisturbed.mp4");
  const job = ["--blend", blendfile, "--output", video, "--local", "--slots", "2", "--blender", blenderPath ?? ""];
  const { code, stderr } = await lab.coordinate([...job, "--yes"]).end(videoWithinMs);
  if (code !== 0) throw new Error(`The undisturbed video cannot be made: ${stderr}`);
  if (!(await isInOrder(video, rendered))) throw new Error("The undisturbed video does not show what Blender rendered");
  return { blendfile, hasScripts, pixels, video, holds: 0 };
}

/** MD5 of each frame's pixels, by the numbers in the files' names. */
export async function pixelsIn(folder: string): Promise<Map<number, string>> {
  const names = (await readdir(folder)).filter((name) => /\d+\.png$/.test(name)).sort();
  const pattern = ["-f", "image2", "-pattern_type", "glob", "-i", join(folder, "*.png"), "-pix_fmt", "rgb24"];
  const pixels = await picturesMd5(pattern);
  if (pixels.length !== names.length) throw new Error(`Only ${pixels.length} of ${names.length} frames can be decoded`);
  return new Map(names.map((name, index) => [Number(/(\d+)\.png$/.exec(name)?.[1]), pixels[index] ?? ""]));
}

/** MD5 of each decoded picture, in order. @param input FFmpeg arguments that name what to decode */
export async function picturesMd5(input: readonly string[]): Promise<string[]> {
  const { stdout } = await execa("ffmpeg", ["-v", "error", ...input, "-f", "framemd5", "-"]);
  return stdout.split("\n").flatMap((line) => /^\d+,.*\b([0-9a-f]{32})$/.exec(line.trim())?.[1] ?? []);
}
