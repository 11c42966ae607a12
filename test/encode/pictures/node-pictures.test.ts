import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { NodePictures } from "../../../src/encode/pictures/node-pictures.ts";
import { filesBelow } from "../../support/files-below.ts";
import { makeTemporaryFolder, type TemporaryFolder } from "../../support/temporary-folder.ts";

/** The names of the pictures of each frame. */
type Names = Readonly<Record<number, readonly string[]>>;

/** A store with these pictures, each with a content of its own, and the folder `out` for them. */
async function picturesIn(
  folder: TemporaryFolder,
  names: Names,
  { overwrite = false, isExpected = true } = {},
): Promise<NodePictures> {
  const frames = Object.keys(names).map(Number);
  const pathOf = (frame: number, index: number) => join(folder.path, "store", `${frame}.${index}`);
  await mkdir(join(folder.path, "store"), { recursive: true });
  for (const frame of frames) {
    for (const [index, name] of (names[frame] ?? []).entries())
      await writeFile(pathOf(frame, index), `${frame} ${name}`);
  }
  return await NodePictures.open({
    ...{ folder: join(folder.path, "out"), frames, jobId: "0123456789", overwrite, isExpected },
    picturesOf: (frame) => (names[frame] ?? []).map((name, index) => ({ name, path: pathOf(frame, index) })),
  });
}

const usual: Names = { 1: ["beauty0001.png", "depth/z0001.exr"], 2: ["beauty0002.png", "depth/z0002.exr"] };

test("pictures get their own names, and are counted", async () => {
  await using folder = await makeTemporaryFolder();
  const pictures = await picturesIn(folder, usual);
  for (const frame of [2, 1, 2]) await pictures.place(frame);
  const out = join(folder.path, "out");
  expect(await pictures.finish()).toEqual({ folder: out, files: 4, sizeBytes: 66, perFrame: 2, fewer: [] });
  expect(await filesBelow(out)).toEqual(["beauty0001.png", "beauty0002.png", "depth/z0001.exr", "depth/z0002.exr"]);
  expect(await readFile(join(out, "depth/z0002.exr"), "utf8")).toBe("2 depth/z0002.exr");
});

test("without any picture, no folder is made", async () => {
  await using folder = await makeTemporaryFolder();
  const pictures = await picturesIn(folder, { 1: [], 2: [] });
  for (const frame of [1, 2]) await pictures.place(frame);
  expect(await pictures.finish()).toBeNull();
  expect(await readdir(folder.path)).toEqual(["store"]);
});

test("frames that have fewer pictures than others are named", async () => {
  await using folder = await makeTemporaryFolder();
  const pictures = await picturesIn(folder, { ...usual, 3: ["beauty0003.png"], 4: [] });
  for (const frame of [1, 2, 3, 4]) await pictures.place(frame);
  expect(await pictures.finish()).toMatchObject({ files: 5, perFrame: 2, fewer: [3, 4] });
});

test("a name without the frame's number gets it, so that no frame takes the place of another", async () => {
  await using folder = await makeTemporaryFolder();
  const pictures = await picturesIn(folder, {
    [-3]: ["last.png"],
    7: ["last.png", "v2/mask_L.exr"],
    12: ["shot12/last"],
  });
  for (const frame of [-3, 7, 12]) await pictures.place(frame);
  await pictures.finish();
  const names = ["last.-0003.png", "last.0007.png", "shot12/last.0012", "v2/mask_L.0007.exr"];
  expect(await filesBelow(join(folder.path, "out"))).toEqual(names);
});

test("a folder of that name may be anybody's if the scene has no File Output nodes", async () => {
  await using folder = await makeTemporaryFolder();
  await mkdir(join(folder.path, "out"));
  await writeFile(join(folder.path, "out", "mine.exr"), "mine");
  const pictures = await picturesIn(folder, { 1: [] }, { isExpected: false });
  await pictures.place(1);
  expect(await pictures.finish()).toBeNull();
  expect(await filesBelow(join(folder.path, "out"))).toEqual(["mine.exr"]);
});

test("a picture that is missing at the end is reported", async () => {
  await using folder = await makeTemporaryFolder();
  const pictures = await picturesIn(folder, usual);
  await pictures.place(1);
  await expect(pictures.finish("try again")).rejects.toMatchObject({
    code: "FARM_VIDEO_INCOMPLETE",
    message: expect.stringContaining("beauty0002.png"),
    hint: expect.stringContaining("try again"),
  });
});

test("files of others in the folder are in the way, and those of an earlier run of the job are not", async () => {
  await using folder = await makeTemporaryFolder();
  const put = async (name: string, content: string) => {
    const path = join(folder.path, "out", name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, content);
  };
  await put("beauty0001.png", "1 beauty0001.png");
  await put("depth/z0001.exr.89abcdef.part", "of a killed run");
  await (await picturesIn(folder, usual)).place(1);
  expect(await filesBelow(join(folder.path, "out"))).toEqual(["beauty0001.png", "depth/z0001.exr"]);

  await put("depth/z0002.exr", "of another job");
  await expect(picturesIn(folder, usual)).rejects.toMatchObject({
    code: "FARM_OUTPUT_EXISTS",
    message: expect.stringContaining("z0002.exr"),
  });
  const replacing = await picturesIn(folder, usual, { overwrite: true });
  for (const frame of [1, 2]) await replacing.place(frame);
  expect(await replacing.finish()).toMatchObject({ files: 4 });
});

test("a file that appears meanwhile is not replaced", async () => {
  await using folder = await makeTemporaryFolder();
  const pictures = await picturesIn(folder, usual);
  await mkdir(join(folder.path, "out"));
  await writeFile(join(folder.path, "out", "beauty0001.png"), "of another job");
  await expect(pictures.place(1)).rejects.toMatchObject({ code: "FARM_OUTPUT_EXISTS" });
  expect(await readFile(join(folder.path, "out", "beauty0001.png"), "utf8")).toBe("of another job");
});

test("the pictures of a frame that is taken out of the store are removed", async () => {
  await using folder = await makeTemporaryFolder();
  const pictures = await picturesIn(folder, usual);
  for (const frame of [1, 2]) await pictures.place(frame);
  await pictures.remove(1);
  expect(await filesBelow(join(folder.path, "out"))).toEqual(["beauty0002.png", "depth/z0002.exr"]);
});
