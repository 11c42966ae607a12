import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "vitest";
import type { PictureFormat } from "../../src/core/pictures/picture-format.ts";
import { checkPictureFile } from "../../src/frames/check/pictures/picture-check.ts";
import type { PictureExpectation } from "../../src/frames/check/pictures/picture-expectation.ts";
import { formatOfContent } from "../../src/frames/check/pictures/picture-format.ts";
import { exrChannels } from "./exr.ts";

/** The script that renders a picture in each format: blender … -P SCRIPT -- FOLDER [quick] */
export const formatsScript = fileURLToPath(new URL("scenes/formats.py", import.meta.url));

/** A file of that script. */
export interface RenderedPicture {
  readonly name: string;
  readonly path: string;
  /** Everything that the check can expect of it. */
  readonly expected: PictureExpectation;
  /** As Blender names it; of JPEG and WebP the quality. */
  readonly codec: string;
  /** Whether it was rendered, and not saved from the render result. */
  readonly isRendered: boolean;
}

const formats: Readonly<Record<string, PictureFormat>> = {
  PNG: "png",
  OPEN_EXR: "exr",
  OPEN_EXR_MULTILAYER: "exr-multilayer",
  JPEG: "jpeg",
  TIFF: "tiff",
  WEBP: "webp",
};
const readableCodecs = ["NONE", "RLE", "ZIPS", "ZIP"];

/** All pictures in the folder of the script, in the order of their names. */
export async function renderedPictures(folder: string): Promise<RenderedPicture[]> {
  const names = (await readdir(folder)).filter((name) => /-(rendered|saved)\./.test(name)).sort();
  return names.map((name) => {
    const [fileFormat = "", , depth, codec = "", how = ""] = name.split("-");
    const format = formats[fileFormat] ?? "png";
    return {
      ...{ name, path: join(folder, name), codec, isRendered: how.startsWith("rendered") },
      expected: {
        ...{ format, size: { width: 16, height: 12 }, depth: Number(depth) as 8 | 16 | 32, frame: 7 },
        mustHaveFrame: format !== "tiff" && format !== "webp",
      },
    };
  });
}

/** Expects that the check accepts a picture, and refuses it as another frame, of another size, or of another depth. */
export async function expectAccepted({ name, path, expected }: RenderedPicture): Promise<void> {
  const codeOf = async (other: Partial<PictureExpectation>) => {
    const verdict = await checkPictureFile(path, { ...expected, ...other });
    return verdict.ok ? "ok" : `${verdict.code}: ${verdict.message}`;
  };
  expect(await codeOf({}), name).toBe("ok");
  expect(await formatOfContent(path), name).toBe(expected.format);
  expect(await codeOf({ size: null, depth: null, frame: null }), name).toBe("ok");
  if (expected.mustHaveFrame) expect(await codeOf({ frame: 8 }), name).toMatch(/^WRONG_FRAME/);
  expect(await codeOf({ size: { width: 12, height: 16 } }), name).toMatch(/^WRONG_SIZE/);
  expect(await codeOf({ depth: expected.depth === 16 ? 32 : 16 }), name).toMatch(/^WRONG_DEPTH/);
}

/** Whether `exrChannels` can read a picture. */
export function isReadableExr({ expected, codec }: RenderedPicture): boolean {
  return expected.format.startsWith("exr") && readableCodecs.includes(codec);
}

/** Expects that two EXR files have the same channels, with the same samples. */
export async function expectSameChannels(one: RenderedPicture, other: RenderedPicture): Promise<void> {
  const [first, second] = [exrChannels(await readFile(one.path)), exrChannels(await readFile(other.path))];
  expect([...second.keys()], other.name).toEqual([...first.keys()]);
  for (const [channel, samples] of first) expect(second.get(channel), `${other.name}: ${channel}`).toEqual(samples);
}
