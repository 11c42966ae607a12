import { link, mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { execa } from "execa";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { FarmEvent } from "../../src/farm/events.ts";
import { encodeFolder } from "../../src/farm/output/encode-folder.ts";
import { reportOf } from "../../src/farm/report/job-report.ts";
import { ScriptedFarm, type ScriptedNode } from "../support/nodes/scripted-farm.ts";
import { pictureOf } from "../support/untouched.ts";

vi.setConfig({ testTimeout: 30_000 }); // FFmpeg and the disk set the pace

let farm: ScriptedFarm;
let node: ScriptedNode;
/** A folder of the user that does not belong to the job. */
let documents: string;
let jobFolder: string;

beforeEach(async () => {
  farm = await ScriptedFarm.open();
  node = await farm.start({ scene: { colorMode: "RGB" } });
  documents = farm.path("Documents");
  jobFolder = `${farm.output}.renderfarm`;
  await mkdir(join(documents, "letters"), { recursive: true });
  await writeFile(join(documents, "bashrc"), "alias ll='ls -l'\n", { mode: 0o640 });
  await writeFile(join(documents, "0000001.png"), "a photograph", { mode: 0o640 });
  await writeFile(join(documents, "0000009.png"), "another one");
  await writeFile(join(documents, "0a0b0c0d.part"), "half a download");
  await writeFile(join(documents, "letters", "to-ada.txt"), "Dear Ada");
});
afterEach(() => farm[Symbol.asyncDispose]());

const digest = "ab".repeat(32);

/** What a project from somebody else can contain, and the name that the error must give. */
const plants: Record<string, { plant: () => Promise<unknown>; named: string }> = {
  "is itself a link": { plant: () => symlink("Documents", jobFolder), named: "out.mp4.renderfarm" },
  ...linkCase("blob", "../Documents"),
  ...linkCase("frames", "../Documents"),
  ...linkCase("job.json", "../Documents/bashrc"),
  ...linkCase("log.ndjson", "../Documents/bashrc"),
  ...linkCase("frames.ndjson", "../Documents/bashrc"),
  ...linkCase("lock", "../Documents/bashrc"),
  ...linkCase("lock.takeover", "../Documents/bashrc"),
  ...linkCase("frames/0000001.png", "../../Documents/0000001.png"),
  ...linkCase("frames/0000001.png.0a0b0c0d.part", "../../Documents/0000001.png"),
  ...linkCase(`blob/${digest}`, "../../Documents/bashrc"),
  ...linkCase(`baked/${digest}`, "../../Documents/bashrc"),
  ...linkCase("frames.2026-01-01T00-00-00.abcd/0000001.png", "../../Documents/bashrc"),
  ...linkCase("holiday", "../Documents"),
  "has a dangling link as job.json": {
    plant: () => plantLink("job.json", "../Documents/new"),
    named: "job.json",
  },
  "has a dangling link as log.ndjson": {
    ...{ plant: () => plantLink("log.ndjson", "../Documents/new"), named: "log.ndjson" },
  },
  "has a hard link as log.ndjson": {
    plant: async () => {
      await mkdir(jobFolder);
      await link(join(documents, "bashrc"), join(jobFolder, "log.ndjson"));
    },
    named: "log.ndjson",
  },
  "has a named pipe as log.ndjson": { plant: () => plantPipe("log.ndjson"), named: "log.ndjson" },
  "has a named pipe as job.json": { plant: () => plantPipe("job.json"), named: "job.json" },
  "has a named pipe as lock": { plant: () => plantPipe("lock"), named: "lock" },
};

describe.skipIf(process.platform === "win32")("a job folder that", () => {
  test.each(Object.keys(plants))("%s is refused, and no other file is changed", async (name) => {
    const { plant, named } = plants[name] ?? expect.fail();
    await plant();
    const before = { documents: pictureOf(documents), output: await readdir(farm.path("")) };

    const refusal = expect.objectContaining({
      code: "FARM_UNSAFE_PATH",
      message: expect.stringContaining(named),
      hint: expect.stringMatching(/[Rr]emove .*--job-dir DIR|replace it by the copy/),
    });
    await expect(farm.run([node], { frames: "1-2", keepFrames: false }).result).rejects.toEqual(refusal);
    const encoding = { overwrite: true, onEvent: () => {}, signal: new AbortController().signal };
    await expect(encodeFolder(jobFolder, encoding)).rejects.toEqual(refusal);
    await expect(reportOf(jobFolder)).rejects.toEqual(refusal);

    expect(pictureOf(documents)).toEqual(before.documents);
    expect(await readdir(farm.path(""))).toEqual(before.output);
    expect(node.node.links).toBe(0);
  });

  test("is full of links does not affect a job whose folder is elsewhere", async () => {
    await plantLink("blob", "../Documents");
    await plantLink("job.json", "../Documents/bashrc");
    const before = pictureOf(documents);
    await farm.run([node], { frames: "1-2", keepFrames: false, jobDir: farm.path("jobs") }).completed();
    expect(pictureOf(documents)).toEqual(before);
    expect(await farm.countFrames()).toBe(2);
  });

  test("has files that are not ours keeps them, and a warning says what stays", async () => {
    await mkdir(join(jobFolder, "frames", "sketches"), { recursive: true });
    await mkdir(join(jobFolder, "blob"));
    await writeFile(join(jobFolder, "frames", "notes.txt"), "notes");
    await writeFile(join(jobFolder, "frames", "sketches", "0000001.png"), "a sketch");
    await writeFile(join(jobFolder, "blob", "scene.blend1"), "a backup");
    await writeFile(join(jobFolder, "readme.txt"), "mine");

    const run = farm.run([node], { frames: "1-3", keepFrames: false });
    const { warnings } = await run.completed();

    expect(await readdir(join(jobFolder, "frames"), { recursive: true })).toEqual([
      ...["notes.txt", "sketches", "sketches/0000001.png"],
    ]);
    expect(await readdir(join(jobFolder, "blob"))).toEqual(["scene.blend1"]);
    expect(await readFile(join(jobFolder, "readme.txt"), "utf8")).toBe("mine");
    expect(warnings).toEqual([
      expect.stringContaining("/frames: it holds files"),
      expect.stringContaining("/blob: it holds files"),
    ]);
    expect(run.all("warning").map(({ code }) => code)).toEqual(["NOT_REMOVED", "NOT_REMOVED"]);
  });
});

test("paths in a job's record are not trusted: encode writes only beside the job folder", async () => {
  await farm.run([node], { frames: "1-2" }).completed();
  const record = JSON.parse(await readFile(join(jobFolder, "job.json"), "utf8"));
  const write = (facts: object) =>
    writeFile(join(jobFolder, "job.json"), JSON.stringify({ ...record, facts: { ...record.facts, ...facts } }));
  const before = pictureOf(documents);
  const events: FarmEvent[] = [];
  const encode = () =>
    encodeFolder(jobFolder, {
      ...{ overwrite: true, onEvent: (event) => void events.push(event), signal: new AbortController().signal },
    });

  await write({ poster: join(documents, "0000001.png"), output: join(documents, "out.mp4") });
  expect((await encode()).output).toBe(farm.output);
  await write({ poster: join(documents, "0000001.png"), output: farm.output });
  expect((await encode()).output).toBe(farm.output);
  expect(events).toContainEqual(expect.objectContaining({ type: "warning", code: "POSTER_NOT_MADE" }));
  for (const output of [`${documents}/..`, "..", "/", "../"]) {
    await write({ output });
    await expect(encode(), output).rejects.toMatchObject({ code: "FARM_FRAMES_FAILED" });
  }
  await write({ output: join(documents, "out.mp4"), isApart: true });
  await expect(encode()).rejects.toMatchObject({ code: "FARM_BAD_INPUT", hint: expect.stringContaining("--output") });

  expect(pictureOf(documents)).toEqual(before);
});

test.skipIf(process.platform === "win32")("an output that is a link is replaced, and its target stays", async () => {
  const before = pictureOf(documents);
  await symlink(join(documents, "bashrc"), farm.output);
  const job = { frames: "1-2", poster: farm.path("poster.png") };
  await symlink(join(documents, "none"), job.poster);
  const refusal = { code: "FARM_OUTPUT_EXISTS" };
  await expect(farm.run([node], { ...job, poster: undefined }).result).rejects.toMatchObject(refusal);
  await expect(farm.run([node], { ...job, output: farm.path("other.mp4") }).result).rejects.toMatchObject(refusal);
  expect(node.node.links).toBe(0); // reported before anything is rendered

  await farm.run([node], { ...job, overwrite: true }).completed();
  expect(await farm.countFrames()).toBe(2);
  expect(pictureOf(documents)).toEqual(before);
});

test.skipIf(process.platform === "win32")(
  "pictures replace links with their names, and are never written through one",
  async () => {
    const folder = farm.path("pictures");
    await mkdir(folder);
    const before = pictureOf(documents);
    await symlink(join(documents, "0000001.png"), join(folder, "0001.png"));
    await symlink(join(documents, "none"), join(folder, "0002.png"));
    const job = { frames: "1-2", output: `${folder}/` };
    await expect(farm.run([node], job).result).rejects.toMatchObject({ code: "FARM_OUTPUT_EXISTS" });
    await farm.run([node], { ...job, overwrite: true }).completed();
    expect(pictureOf(documents)).toEqual(before);
    const made = await readdir(folder, { withFileTypes: true });
    expect(made.map((entry) => [entry.name, entry.isFile()])).toEqual([
      ["0001.png", true],
      ["0002.png", true],
    ]);
  },
);

function linkCase(name: string, target: string): typeof plants {
  return { [`has a link as ${name}`]: { plant: () => plantLink(name, target), named: basename(name) } };
}

async function plantLink(name: string, target: string): Promise<void> {
  await mkdir(join(jobFolder, name, ".."), { recursive: true });
  await symlink(target, join(jobFolder, name));
}

async function plantPipe(name: string): Promise<void> {
  await mkdir(jobFolder);
  await execa("mkfifo", [join(jobFolder, name)]);
}
