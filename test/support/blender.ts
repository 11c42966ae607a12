import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";

/** Path of Blender, or undefined: tests that need it are then skipped, and say so. */
export const blenderPath = process.env.BLENDER ?? findOnPath("blender");

/** What `blender -a` rendered: the reference for every frame of a farm. */
export interface Reference {
  readonly blendfile: string;
  readonly frames: readonly number[];
  /** MD5 of each frame's decoded pixels, in the order of `frames`. */
  readonly pixels: readonly string[];
}

/**
 * The keyframed test scene and its reference frames, made once per Blender version and recipe, then kept in the
 * system's temporary folder.
 *
 * @param options.samples Cycles samples: about half a second per frame on one core at 100
 */
export async function keyframedScene(options: { frames: number; samples: number }): Promise<Reference> {
  const blender = requireBlender();
  const recipe = fileURLToPath(new URL("scenes/keyframed.py", import.meta.url));
  const version = (await execa(blender, ["--version"])).stdout;
  const parts = [version, await readFile(recipe, "utf8"), JSON.stringify(options)];
  const digest = createHash("sha256").update(parts.join("\n")).digest("hex").slice(0, 16);
  const folder = join(tmpdir(), "renderfarm-test-scenes", digest);
  if (!existsSync(folder)) await build(folder, options);

  const frames = Array.from({ length: options.frames }, (_, index) => index + 1);
  return { blendfile: join(folder, "scene.blend"), frames, pixels: await pixelsOf(join(folder, "frames"), frames) };
}

/**
 * MD5 of the decoded pixels of frame files, by FFmpeg: PNG files of the same picture differ in date and render time.
 *
 * @param folder holds one PNG per frame, whose name ends in the frame's number
 * @throws If a frame has no file, or FFmpeg cannot decode it
 */
export async function pixelsOf(folder: string, frames: readonly number[]): Promise<string[]> {
  const names = await readdir(folder);
  const digests: string[] = [];
  for (const frame of frames) {
    const name = names.find((candidate) => frameOf(candidate) === frame);
    if (name === undefined) throw new Error(`Cannot compare frame ${frame}: no file for it among ${names.join(", ")}`);
    // rgb24 even for reference files with alpha: only the picture that a video shows matters.
    const args = ["-v", "error", "-i", join(folder, name), "-pix_fmt", "rgb24", "-f", "framemd5", "-"];
    const { stdout } = await execa(process.env.FFMPEG_PATH ?? "ffmpeg", args);
    digests.push(stdout.trim().split(/\s+/).at(-1) ?? "");
  }
  return digests;
}

/** The frame number at the end of a file's name, `frame_-0007.png` → −7; undefined for any other file. */
function frameOf(name: string): number | undefined {
  const digits = /(-?\d+)\.png$/.exec(name)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/** The recipe of a production, in test/productions/scenes. */
export const productionScene = (name: string) => `../../productions/scenes/${name}.py`;

/**
 * Saves a blendfile by one of the recipes in scenes/.
 *
 * @param args Arguments of the recipe after the path of the blendfile
 */
export async function saveScene(recipe: string, blendfile: string, args: readonly string[]): Promise<void> {
  const script = fileURLToPath(new URL(`scenes/${recipe}`, import.meta.url));
  const quiet = ["-b", "--factory-startup", "-noaudio", "--python-exit-code", "1"];
  await execa(requireBlender(), [...quiet, "-P", script, "--", blendfile, ...args], {
    env: { TMPDIR: join(blendfile, "..") },
  });
}

/** Renders a blendfile's whole range as an artist would, with `blender -a`, into a folder of PNG files. */
export async function renderAlone(blendfile: string, folder: string): Promise<void> {
  await execa(requireBlender(), ["-b", blendfile, "-noaudio", "-o", join(folder, "frame_####"), "-F", "PNG", "-a"], {
    env: { TMPDIR: join(blendfile, "..") },
  });
}

/** Renders the frames 1 to `last` of a blendfile while it is played: what simulations in it must look like. */
export async function renderPlayed(blendfile: string, folder: string, last: number): Promise<void> {
  const script = fileURLToPath(new URL("../fidelity/play.py", import.meta.url));
  const frames = Array.from({ length: last }, (_, index) => String(index + 1));
  await mkdir(folder, { recursive: true });
  await execa(requireBlender(), ["-b", blendfile, "-noaudio", "-P", script, "--", folder, ...frames], {
    env: { TMPDIR: join(blendfile, "..") },
  });
}

async function build(folder: string, options: { frames: number; samples: number }) {
  const parent = join(folder, "..");
  await mkdir(parent, { recursive: true });
  // Built under another name and renamed, so that a killed test run leaves nothing half done.
  const workshop = await mkdtemp(join(parent, "making-"));
  try {
    const blendfile = join(workshop, "scene.blend");
    await saveScene("keyframed.py", blendfile, [String(options.frames), String(options.samples)]);
    await renderAlone(blendfile, join(workshop, "frames"));
    await rename(workshop, folder);
  } finally {
    await rm(workshop, { recursive: true, force: true });
  }
}

function requireBlender(): string {
  if (blenderPath === undefined) throw new Error("Cannot build a test scene: there is no Blender on PATH");
  return blenderPath;
}

function findOnPath(name: string): string | undefined {
  const folders = (process.env.PATH ?? "").split(delimiter);
  return folders.map((folder) => join(folder, name)).find((file) => existsSync(file));
}
