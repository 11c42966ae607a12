import { chmod, link, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { expect, test } from "vitest";
import { outputFormatOf } from "../../../src/encode/output-format.ts";
import { frameNameOf, frameNamesOf } from "../../../src/encode/pictures/frame-names.ts";
import { ImageSequence } from "../../../src/encode/pictures/image-sequence.ts";
import { blenderPath } from "../../support/blender.ts";
import { skipBecause } from "../../support/skip.ts";
import { makeTemporaryFolder, type TemporaryFolder } from "../../support/temporary-folder.ts";

const frames = [-2, -1, 0, 1];

/** A store of frames with different contents, and a sequence that writes to `out/`. */
async function sequenceIn(folder: TemporaryFolder, settings: { overwrite?: boolean; stored?: readonly number[] } = {}) {
  const { overwrite = false, stored = frames } = settings;
  await mkdir(join(folder.path, "store"), { recursive: true });
  const sourceOf = (frame: number) => (stored.includes(frame) ? join(folder.path, "store", String(frame)) : undefined);
  for (const frame of stored) await writeFile(sourceOf(frame) ?? "", `picture ${frame}`, { mode: 0o600 });
  const names = frameNamesOf(join(folder.path, "out"), "a_##.png");
  const options = { names, output: join(folder.path, "out", "a_##.png"), frames, sourceOf, jobId: "0123456789" };
  return await ImageSequence.open({ ...options, overwrite });
}

test("a sequence has every frame complete, under its name, with the usual file mode, and is verified", async () => {
  await using folder = await makeTemporaryFolder();
  const sequence = await sequenceIn(folder);
  for (const frame of [1, -2, 0, -1]) await sequence.place(frame);
  expect(await sequence.finish()).toEqual({ output: join(folder.path, "out", "a_##.png"), frames: 4, sizeBytes: 38 });
  const out = join(folder.path, "out");
  expect(await readdir(out)).toEqual(["a_-01.png", "a_-02.png", "a_00.png", "a_01.png"]);
  expect(await readFile(join(out, "a_-02.png"), "utf8")).toBe("picture -2");
  if (process.platform !== "win32") {
    expect((await stat(join(out, "a_00.png"))).mode & 0o777).toBe(0o666 & ~process.umask());
  }
  await sequence.place(1); // once more: nothing happens
  expect(await readdir(out)).toHaveLength(4);
});

test("a frame that is missing at the end is reported", async () => {
  await using folder = await makeTemporaryFolder();
  const sequence = await sequenceIn(folder);
  for (const frame of [-2, -1, 0]) await sequence.place(frame);
  await expect(sequence.finish("try again")).rejects.toMatchObject({
    code: "FARM_VIDEO_INCOMPLETE",
    message: expect.stringMatching(/^The output is not complete: .*a_01\.png is missing$/),
    hint: expect.stringContaining("try again"),
  });
});

test("only files with this job's names matter, and only those that are not its frames are in the way", async () => {
  await using folder = await makeTemporaryFolder();
  const out = join(folder.path, "out");
  await mkdir(out);
  for (const name of ["a_02.png", "a_1.png", "notes.txt"]) await writeFile(join(out, name), "mine");
  await writeFile(join(out, "a_00.png.aabbccdd.part"), "of a killed run");
  await writeFile(join(out, "a_01.png"), "picture 1"); // written by an earlier run of this job
  const sequence = await sequenceIn(folder);
  for (const frame of frames) await sequence.place(frame);
  expect((await readdir(out)).sort()).toEqual(
    ["a_-01.png", "a_-02.png", "a_00.png", "a_01.png", "a_02.png", "a_1.png", "notes.txt"].sort(),
  );

  await rm(join(out, "a_00.png")); // otherwise this would write into the store's own file
  await writeFile(join(out, "a_00.png"), "somebody else's");
  await expect(sequenceIn(folder)).rejects.toMatchObject({
    code: "FARM_OUTPUT_EXISTS",
    message: expect.stringContaining("a_00.png"),
  });
  // A frame that is still to be rendered must not exist either, whatever it contains.
  await expect(sequenceIn(folder, { stored: [-2, -1] })).rejects.toThrow("a_00.png and 1 more");
});

test("parts of killed runs are found on disks that store names in NFD", async () => {
  await using folder = await makeTemporaryFolder();
  const out = join(folder.path, "out");
  await mkdir(out);
  const name = "bild ä_01.png";
  await writeFile(join(out, `${name.normalize("NFD")}.aabbccdd.part`), "of a killed run");
  const names = { folder: out, prefix: "bild ä_", digits: 2, suffix: ".png" };
  const options = { names, output: out, frames: [1], jobId: "0011223344", overwrite: false };
  await ImageSequence.open({ ...options, sourceOf: () => undefined });
  expect(await readdir(out)).toEqual([]);
});

test("a file that appears meanwhile is replaced only with --overwrite", async () => {
  await using folder = await makeTemporaryFolder();
  const sequence = await sequenceIn(folder);
  const path = join(folder.path, "out", "a_01.png");
  await writeFile(path, "mine");
  await expect(sequence.place(1)).rejects.toMatchObject({ code: "FARM_OUTPUT_EXISTS" });
  expect(await readFile(path, "utf8")).toBe("mine");
  expect(await readdir(join(folder.path, "out"))).toEqual(["a_01.png"]);

  const replacing = await sequenceIn(folder, { overwrite: true });
  for (const frame of frames) await replacing.place(frame);
  expect(await readFile(path, "utf8")).toBe("picture 1");
  expect((await replacing.finish()).frames).toBe(4);
});

const noRefusingFolder =
  process.platform === "win32" || process.getuid?.() === 0
    ? "no folder refuses files here: root may write everywhere, and Windows has no modes"
    : undefined;

test.skipIf(skipBecause(noRefusingFolder))("a folder that refuses files is reported", async () => {
  await using folder = await makeTemporaryFolder();
  await mkdir(join(folder.path, "out"));
  await chmod(join(folder.path, "out"), 0o500);
  await expect(sequenceIn(folder)).rejects.toMatchObject({ code: "FARM_OUTPUT_UNWRITABLE" });
});

test("on another disk, or without hard links, the frames are copied", async () => {
  await using folder = await makeTemporaryFolder();
  const shm = "/dev/shm";
  const isThere = await stat(shm).catch(() => null);
  const probe = join(folder.path, "probe");
  await writeFile(probe, "");
  const isOther = isThere !== null && (await link(probe, join(shm, "renderfarm-probe")).catch(() => "refused"));
  if (isOther !== "refused") return; // no second disk on this machine
  const store = join(folder.path, "0");
  await writeFile(store, "picture");
  const out = await mkdtemp(join(shm, "renderfarm-"));
  try {
    const names = frameNamesOf(out, "####.png");
    const options = { names, output: out, frames: [0], sourceOf: () => store, jobId: "0123456789", overwrite: false };
    const sequence = await ImageSequence.open(options);
    await sequence.place(0);
    expect(await readdir(out)).toEqual(["0000.png"]);
    expect((await sequence.finish()).sizeBytes).toBe(7);
  } finally {
    await rm(out, { recursive: true });
  }
});

const noBlender = blenderPath === undefined ? "there is no Blender on PATH" : undefined;

test.skipIf(skipBecause(noBlender))("names are the same as Blender's", { timeout: 60_000 }, async () => {
  const paths = ["/x/frame_####", "/x/frame_####.png", "/x/y/", "/x/##_a_##", "/x/#", "/x/d##/", "/x/f####_end.png"];
  const numbers = [-12345, -7, -1, 0, 1, 9999, 12345, 1048574];
  const script = [
    "import bpy, json",
    "r = bpy.context.scene.render",
    "r.image_settings.file_format = 'PNG'",
    "names = []",
    `for r.filepath in ${JSON.stringify(paths)}:`,
    `    names += [r.frame_path(frame=n) for n in ${JSON.stringify(numbers)}]`,
    "print('NAMES' + json.dumps(names))",
  ].join("\n");
  const args = ["-b", "--factory-startup", "-noaudio", "--python-expr", script];
  const { stdout } = await execa(blenderPath ?? "", args, { stdin: "ignore" });
  const theirs: string[] = JSON.parse(/^NAMES(.*)$/m.exec(stdout)?.[1] ?? "[]");
  const ours = paths.flatMap((path) =>
    numbers.map((number) => {
      const format = outputFormatOf(path);
      if (format.kind !== "sequence") throw new Error(path);
      return `${format.names.folder}/${frameNameOf(format.names, number)}`;
    }),
  );
  expect(ours).toEqual(theirs);
});
