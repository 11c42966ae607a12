import { readFile } from "node:fs/promises";
import { execa } from "execa";
import { beforeAll, describe, expect, test } from "vitest";
import { blenderPath } from "../../support/blender.ts";
import { acceptedCuts, faultInMemory } from "../../support/check-picture.ts";
import { exrChannels, readExr } from "../../support/exr.ts";
import {
  expectAccepted,
  expectSameChannels,
  formatsScript,
  isReadableExr,
  type RenderedPicture,
  renderedPictures,
} from "../../support/rendered-pictures.ts";
import { makeTemporaryFolder } from "../../support/temporary-folder.ts";

const folder = await makeTemporaryFolder();
let pictures: readonly RenderedPicture[] = [];

if (blenderPath === undefined) console.warn("Skipped: there is no Blender on PATH");

describe.skipIf(blenderPath === undefined)("pictures that Blender renders", () => {
  beforeAll(async () => {
    const start = ["-b", "--factory-startup", "-noaudio", "--python-exit-code", "1"];
    const args = [...start, "-P", formatsScript, "--", folder.path, "quick"];
    await execa(blenderPath ?? "", args, { env: { TMPDIR: folder.path } });
    pictures = await renderedPictures(folder.path);
    return () => folder[Symbol.asyncDispose]();
  });

  test("are accepted in every format, and no other frame, size or depth is", async () => {
    expect(new Set(pictures.map(({ expected }) => expected.format)).size).toBe(6);
    expect(pictures.length).toBeGreaterThanOrEqual(80);
    for (const picture of pictures) await expectAccepted(picture);
  });

  test("are refused if they are cut at any byte", async () => {
    for (const picture of oneOfEach()) {
      expect(await acceptedCuts(await readFile(picture.path), picture.expected), picture.name).toEqual([]);
    }
  });

  test("are refused if an entry of their table of chunks is changed", async () => {
    for (const picture of pictures.filter(({ codec, isRendered }) => isRendered && codec === "ZIPS")) {
      const bytes = await readFile(picture.path);
      const first = tableIn(bytes, 12) ?? 0;
      expect(first).toBeGreaterThan(0);
      for (let entry = first; entry < first + 12 * 8; entry++) {
        const changed = Buffer.from(bytes);
        changed[entry] = (changed[entry] ?? 0) ^ 1;
        expect(await faultInMemory(changed, picture.expected), picture.name).toMatchObject({ code: "BAD_CHUNK" });
      }
    }
  });

  test("are refused if a chunk has a byte too few or too many, with all codecs", async () => {
    const codecs = new Set<string>();
    for (const picture of pictures.filter(({ expected }) => expected.format.startsWith("exr"))) {
      const bytes = await readFile(picture.path);
      const table = tableIn(bytes, 1);
      if (table === null) continue;
      codecs.add(picture.codec);
      const sizeAt = table + 8 + 4;
      const shorter = Buffer.from(bytes.subarray(0, -1));
      shorter.writeUInt32LE(bytes.readUInt32LE(sizeAt) - 1, sizeAt);
      expect(await faultInMemory(shorter, picture.expected), picture.name).toMatchObject({ code: "BAD_PIXELS" });
      // One byte too many is what Blender 2.83 writes with DWAA.
      const longer = Buffer.concat([bytes, Buffer.alloc(2)]);
      longer.writeUInt32LE(bytes.readUInt32LE(sizeAt) + 2, sizeAt);
      expect(await faultInMemory(longer, picture.expected), picture.name).toMatchObject({ code: "BAD_PIXELS" });
    }
    expect([...codecs].sort()).toEqual(["B44", "B44A", "DWAA", "DWAB", "PIZ", "PXR24", "ZIP"]);
  });

  test("have the same samples in EXR whether they are rendered or saved, and with all codecs", async () => {
    for (const format of ["exr", "exr-multilayer"]) {
      for (const depth of [16, 32]) {
        const same = pictures.filter(
          (picture) => isReadableExr(picture) && picture.expected.format === format && picture.expected.depth === depth,
        );
        const [first, ...others] = same;
        expect(same.length).toBe(8);
        for (const other of others) await expectSameChannels(first as RenderedPicture, other);
      }
    }
  });

  test("have the channels of all layers in a multilayer EXR, with different samples", async () => {
    const picture = pictures.find(({ name }) => name.startsWith("OPEN_EXR_MULTILAYER-RGBA-16-ZIP-rendered"));
    const bytes = await readFile(picture?.path ?? "");
    expect(readExr(bytes)[0]?.attributes.get("Frame")?.value.toString()).toBe("007");
    const channels = exrChannels(bytes);
    const passes = (layer: string) => ["A", "B", "G", "R"].map((channel) => `${layer}.Combined.${channel}`);
    const data = (layer: string) => [`${layer}.Depth.Z`, ...["X", "Y", "Z"].map((axis) => `${layer}.Normal.${axis}`)];
    const names = ["ViewLayer", "second"].flatMap((layer) => [...passes(layer), ...data(layer)]);
    expect([...channels.keys()].sort()).toEqual(names.sort());
    expect(channels.get("second.Combined.R")?.type).toBe("half");
    expect(channels.get("second.Depth.Z")?.type).toBe("float");
    expect(new Set(channels.get("ViewLayer.Depth.Z")?.samples).size).toBeGreaterThan(5);
  });
});

/** A rendered picture of each format and codec. */
function oneOfEach(): RenderedPicture[] {
  const found = new Map<string, RenderedPicture>();
  for (const picture of pictures) {
    if (picture.isRendered) found.set(`${picture.expected.format} ${picture.codec}`, picture);
  }
  return [...found.values()];
}

/** Where the table of so many chunks starts: the first chunk follows it. `null` if the file has another number of them. */
function tableIn(bytes: Buffer, chunks: number): number | null {
  for (let at = 8; at + 8 <= bytes.length; at++) {
    if (bytes.readBigUInt64LE(at) === BigInt(at + chunks * 8)) return at;
  }
  return null;
}
