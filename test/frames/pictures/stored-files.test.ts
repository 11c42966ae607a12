import { createHash } from "node:crypto";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { PictureForm } from "../../../src/core/pictures/picture-form.ts";
import type { FrameFormat } from "../../../src/frames/check/frame-expectation.ts";
import type { FrameRecord, PictureRecord } from "../../../src/frames/frame-record.ts";
import { FrameStore } from "../../../src/frames/frame-store.ts";
import { makePng } from "../../support/png.ts";
import { makeTemporaryFolder, type TemporaryFolder } from "../../support/temporary-folder.ts";

const format: FrameFormat = { width: 32, height: 20, depth: 8, colorMode: "RGB" };
/** A pair of PNG views, and File Output nodes. */
const stereo: PictureForm = { format: "png", depth: 8, suffixes: ["_L", "_R"], numbered: true, nodes: 1 };

function openStore(folder: TemporaryFolder, pictures = stereo): Promise<FrameStore> {
  const [framesFolder, logPath] = [join(folder.path, "frames"), join(folder.path, "frames.ndjson")];
  return FrameStore.open({ framesFolder, logPath, format, pictures });
}

const digestOf = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

interface Sent {
  readonly about: Pick<PictureRecord, "kind" | "view" | "name">;
  readonly bytes: Buffer;
}

const viewOf = (view: number, bytes: Buffer): Sent => ({ about: { kind: "view", view, name: "" }, bytes });
const nodeOf = (name: string, bytes = Buffer.from(`what ${name} shows`)): Sent => ({
  about: { kind: "node", view: 0, name },
  bytes,
});
const good = (frame: number) => [viewOf(1, makePng(format, frame)), nodeOf(`depth/z${frame}.tga`)];

function recordOf(frame: number, png: Uint8Array, sent: readonly Sent[]): FrameRecord {
  const node = { id: "00112233445566778899aabbccddeeff", name: "desk" };
  const made = { node, blender: "3.4.1", device: "CPU", attempts: 1, seconds: 1.5 };
  const pictures = sent.map(({ about, bytes }) => ({ ...about, sizeBytes: bytes.length, sha256: digestOf(bytes) }));
  return { frame, ...made, sha256: digestOf(png), sizeBytes: png.length, pictures };
}

async function store(into: FrameStore, frame: number, sent: readonly Sent[] = good(frame)): Promise<boolean> {
  const png = makePng(format, frame);
  await using incoming = await into.receive(recordOf(frame, png, sent));
  const contents = [png, ...sent.map(({ bytes }) => bytes)];
  for await (const { write, picture } of incoming.parts())
    await write(contents[picture === undefined ? 0 : picture + 1] ?? png);
  return await incoming.commit();
}

test("a frame is stored with its pictures, and a later run finds all of them", async () => {
  await using folder = await makeTemporaryFolder();
  {
    await using first = await openStore(folder);
    expect(await store(first, 1)).toBe(true);
  }
  expect(await readdir(join(folder.path, "frames"))).toEqual([
    "0000001.000.picture",
    "0000001.001.picture",
    "0000001.png",
  ]);
  await using second = await openStore(folder);
  expect(second.stored).toEqual([1]);
  expect(second.picturesOf(1)).toMatchObject([
    { kind: "view", view: 1, path: join(folder.path, "frames", "0000001.000.picture") },
    { kind: "node", name: "depth/z1.tga" },
  ]);
  expect(second.picturesOf(2)).toBeUndefined();
});

test.each([
  ["damaged", async (path: string) => await writeFile(path, "other bytes")],
  ["cut", async (path: string) => await writeFile(path, "")],
])("a frame of which a picture was %s meanwhile is rendered again", async (_, harm) => {
  await using folder = await makeTemporaryFolder();
  {
    await using first = await openStore(folder);
    for (const frame of [1, 2]) await store(first, frame);
  }
  await harm(join(folder.path, "frames", "0000001.001.picture"));
  await using second = await openStore(folder);
  expect(second.stored).toEqual([2]);
  expect(await readdir(join(folder.path, "frames"))).toHaveLength(3); // nothing of frame 1
});

test.each([
  ["a view is missing", [nodeOf("a.tga")], "it lacks the PNG picture of the view _R"],
  ["a view comes twice", [...good(1), viewOf(1, makePng(format, 1))], "views that the scene has not"],
  ["a name leads out of the folder", [...good(1), nodeOf("../a.tga")], "cannot have its name"],
  ["a name is absolute", [...good(1), nodeOf("/tmp/a.tga")], "cannot have its name"],
  ["a name is Windows' own", [...good(1), nodeOf("CON.tga")], "cannot have its name"],
  ["two pictures have one name", [...good(1), nodeOf("A.tga"), nodeOf("a.tga")], "one name"],
])("a frame is refused before its bytes come if %s", async (_, sent, message) => {
  await using folder = await makeTemporaryFolder();
  await using into = await openStore(folder);
  await expect(store(into, 1, sent)).rejects.toMatchObject({
    code: "FARM_FRAME_INVALID",
    reason: "WRONG_PICTURES",
    message: expect.stringContaining(message),
  });
  expect(await readdir(join(folder.path, "frames"))).toEqual([]);
});

test.each([
  ["a view is another frame", [viewOf(1, makePng(format, 2)), nodeOf("a.tga")], "WRONG_FRAME"],
  ["a view has another size", [viewOf(1, makePng({ ...format, width: 16 }, 1)), nodeOf("a.tga")], "WRONG_SIZE"],
  [
    "a PNG of a node is cut",
    [...good(1), nodeOf("a.png", Buffer.from(makePng(format, 1).subarray(0, 200)))],
    "TRUNCATED",
  ],
])("a frame is refused if %s, and nothing of it stays", async (_, sent, reason) => {
  await using folder = await makeTemporaryFolder();
  await using into = await openStore(folder);
  await expect(store(into, 1, sent)).rejects.toMatchObject({ code: "FARM_FRAME_INVALID", reason });
  expect(await readdir(join(folder.path, "frames"))).toEqual([]);
});

test("frames that an earlier run stored without the pictures that are wanted now are set aside", async () => {
  await using folder = await makeTemporaryFolder();
  {
    await using first = await openStore(folder, { ...stereo, suffixes: [""] });
    await store(first, 1, [nodeOf("a.tga")]);
  }
  await using second = await openStore(folder);
  expect(second.stored).toEqual([]);
  expect(second.outdated?.frames).toEqual([1]);
  expect((await readdir(second.outdated?.folder ?? "")).sort()).toEqual(["0000001.000.picture", "0000001.png"]);
});

test("a frame that is set aside takes its pictures with it", async () => {
  await using folder = await makeTemporaryFolder();
  await using into = await openStore(folder);
  await store(into, 1);
  await into.setAside(1, { doubted: "a check found a difference" });
  expect(await readdir(join(folder.path, "frames"))).toEqual([]);
  expect(await readdir(join(folder.path, "refused"))).toHaveLength(3);
  expect(await store(into, 1)).toBe(true);
});

test("a frame whose list of pictures is damaged in the log is rendered again", async () => {
  await using folder = await makeTemporaryFolder();
  {
    await using first = await openStore(folder);
    for (const frame of [1, 2]) await store(first, frame);
  }
  const log = join(folder.path, "frames.ndjson");
  const [one = "", two = ""] = (await readFile(log, "utf8")).split("\n");
  await writeFile(log, `${one.replace('"name":"depth/z1.tga"', '"name":7')}\n${two}\n`);
  await using second = await openStore(folder);
  expect(second.stored).toEqual([2]);
});
