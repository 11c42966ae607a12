import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { copyFile, mkdir, mkdtemp, readFile, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { pixelsOf, type Reference } from "../support/blender.ts";
import { runBlender, type TestedBlender } from "./tested-blender.ts";

/** A variant of the keyframed scene. */
export interface SceneOptions {
  readonly engine: "cycles" | "eevee";
  readonly output: "png" | "mp4";
  /** Frames of the scene, from 1 on. */
  readonly frames: number;
  readonly samples: number;
  /** @default false */
  readonly isDenoised?: boolean;
}

const keyframed = fileURLToPath(new URL("../support/scenes/keyframed.py", import.meta.url));
const variant = fileURLToPath(new URL("variant.py", import.meta.url));

/** The blendfile of a variant, as this Blender saves it; made once. */
export async function sceneBy(blender: TestedBlender, options: SceneOptions): Promise<string> {
  const recipes = await Promise.all([keyframed, variant].map((file) => readFile(file, "utf8")));
  const words = [String(options.frames), String(options.samples), options.engine, options.output];
  if (options.isDenoised) words.push("denoised");
  const folder = await keptFolder([...recipes, ...words, identityOf(blender)], async (made) => {
    const target = join(made, "scene.blend");
    const start = ["-b", "--factory-startup", "-noaudio", "--python-exit-code", "1"];
    await runBlender(blender, made, [...start, "-P", variant, "--", keyframed, target, ...words]);
  });
  return join(folder, "scene.blend");
}

/** The first frames of a blendfile as `blender -a` of this Blender renders them, whatever version saved it. */
export async function referenceBy(blender: TestedBlender, blendfile: string, count: number): Promise<Reference> {
  const saved = createHash("sha256")
    .update(await readFile(blendfile))
    .digest("hex");
  const folder = await keptFolder([saved, String(count), identityOf(blender)], async (made) => {
    const copy = join(made, "scene.blend");
    await copyFile(blendfile, copy);
    const range = ["-s", "1", "-e", String(count), "-a"];
    await runBlender(blender, made, [
      "-b",
      copy,
      "-noaudio",
      "-o",
      join(made, "frames/frame_####"),
      "-F",
      "PNG",
      ...range,
    ]);
  });
  const frames = Array.from({ length: count }, (_, index) => index + 1);
  return { blendfile, frames, pixels: await pixelsOf(join(folder, "frames"), frames) };
}

function identityOf({ version, stamp = "" }: TestedBlender): string {
  return `${version} ${stamp}`;
}

/**
 * A folder in the system's temporary folder, kept from run to run.
 *
 * @param parts Everything that its content depends on
 * @param make Fills it while it has another name, so that a killed run leaves no half-made folder
 */
async function keptFolder(parts: readonly string[], make: (folder: string) => Promise<void>): Promise<string> {
  const parent = join(tmpdir(), "renderfarm-test-scenes");
  const digest = createHash("sha256").update(parts.join("\n")).digest("hex").slice(0, 16);
  const folder = join(parent, `blenders-${digest}`);
  if (existsSync(folder)) return folder;
  await mkdir(parent, { recursive: true });
  const workshop = await mkdtemp(join(parent, "making-"));
  try {
    await make(workshop);
    await rename(workshop, folder);
    return folder;
  } finally {
    await rm(workshop, { recursive: true, force: true });
  }
}
