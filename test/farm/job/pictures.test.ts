import { once } from "node:events";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { encodeFolder } from "../../../src/farm/output/encode-folder.ts";
import { filesBelow } from "../../support/files-below.ts";
import type { FakePicture } from "../../support/nodes/fake-node.ts";
import { ScriptedFarm } from "../../support/nodes/scripted-farm.ts";
import { makePng } from "../../support/png.ts";
import { refusingFfmpeg, spoils } from "../../support/refused.ts";

let farm: ScriptedFarm;
beforeEach(async () => {
  farm = await ScriptedFarm.open();
});
afterEach(async () => {
  await farm[Symbol.asyncDispose]();
});

const format = { width: 32, height: 24, depth: 8, colorMode: "RGB" } as const;
const padded = (frame: number) => String(frame).padStart(4, "0");
/** What a File Output node writes of each frame. */
const depthOf = (frame: number): FakePicture => ({
  of: `passes/z${padded(frame)}.tga`,
  bytes: Buffer.from(`depth ${frame}`),
});
const rightOf = (frame: number): FakePicture => ({ of: 1, bytes: makePng(format, frame) });
const withNodes = { format: "png" as const, depth: 8 as const, suffixes: [""], numbered: true, nodes: 1 };
const inStereo = { ...withNodes, suffixes: ["_L", "_R"], nodes: 0 };
const scene = { frameEnd: 4, colorMode: "RGB" as const, views: ["left", "right"] };

test("pictures of File Output nodes come into a folder beside the video, and are counted", async () => {
  const desk = await farm.start({ sceneInfo: { pictures: withNodes }, pictures: (frame) => [depthOf(frame)] });
  const run = farm.run([desk]);
  const { passes, warnings } = await run.completed();
  const folder = farm.path("out.passes");
  expect(passes).toEqual({ folder, files: 4 });
  expect(run.all("passes:written")).toMatchObject([{ folder, files: 4 }]);
  expect(warnings).toEqual([]);
  expect(await filesBelow(folder)).toEqual([1, 2, 3, 4].map((frame) => `passes/z${padded(frame)}.tga`));
  expect(await readFile(join(folder, "passes/z0003.tga"), "utf8")).toBe("depth 3");
  expect(await farm.countFrames()).toBe(4);
  expect(desk.node.heard.find(({ type }) => type === "job-load")).toMatchObject({
    pictures: { formats: ["png"], depth: null, nodes: true, video: true },
  });
  expect(farm.problems).toEqual([]);
});

test("with --passes off, nodes are not asked for them", async () => {
  const desk = await farm.start();
  const run = farm.run([desk], { passes: false });
  expect((await run.completed()).passes).toBeUndefined();
  expect(desk.node.heard.find(({ type }) => type === "job-load")).toMatchObject({ pictures: { nodes: false } });
});

test("frames that have fewer pictures than others are named, and so is a scene whose nodes write nothing", async () => {
  const some = await farm.start({
    sceneInfo: { pictures: withNodes },
    pictures: (frame) => (frame === 2 ? [] : [depthOf(frame)]),
  });
  const few = await farm.run([some]).completed();
  expect(few.warnings).toEqual([expect.stringMatching(/^Frame 2 has fewer pictures .* which have 1$/)]);
  const none = await farm.start({ sceneInfo: { pictures: withNodes }, pictures: () => [] });
  const empty = await farm.run([none], { output: farm.path("other.mp4") }).completed();
  expect(empty.warnings).toEqual([expect.stringContaining("1 File Output node of the scene wrote no picture")]);
});

test("a frame without one of its views is no frame: another node renders it", async () => {
  const honest = { scene, sceneInfo: { pictures: inStereo } };
  const lazy = await farm.start({ ...honest, pictures: (frame) => (frame === 1 ? [] : [rightOf(frame)]) });
  const desk = await farm.start({ ...honest, pictures: (frame) => [rightOf(frame)] });
  const run = farm.run([lazy, desk], { output: farm.path("pictures/f_####.png") });
  await run.completed();
  expect(
    (await filesBelow(farm.path("pictures"))).filter((name) => name.startsWith("f_") && !name.includes("/")),
  ).toEqual([1, 2, 3, 4].flatMap((frame) => [`f_${padded(frame)}_L.png`, `f_${padded(frame)}_R.png`]));
  expect(await readFile(farm.path("pictures/f_0001_R.png"))).toEqual(makePng(format, 1));
});

test("a picture that is damaged on its way is fetched again, from another attempt", async () => {
  let isFirst = true;
  const desk = await farm.start({
    sceneInfo: { pictures: withNodes },
    pictures: (frame) => [depthOf(frame)],
    claim: ({ frame, pictures = [] }) => {
      if (frame !== 3 || !isFirst) return {};
      isFirst = false;
      return { pictures: pictures.map((picture) => ({ ...picture, sha256: "0".repeat(64) })) };
    },
  });
  const run = farm.run([desk]);
  await run.completed();
  expect(desk.node.rendered.filter((frame) => frame === 3)).toHaveLength(2);
  expect(await filesBelow(farm.path("out.passes"))).toHaveLength(4);
});

test("a scene with a picture for each view cannot become one video", async () => {
  const desk = await farm.start({ scene, sceneInfo: { pictures: inStereo }, pictures: (frame) => [rightOf(frame)] });
  await expect(farm.run([desk]).result).rejects.toMatchObject({
    code: "FARM_BAD_INPUT",
    message: expect.stringContaining("_L, _R"),
    hint: expect.stringContaining("frame_####.png"),
  });
});

test("a node of an older release is not used for other pictures than PNGs", async () => {
  const desk = await farm.start({ info: { pictures: undefined } });
  const run = farm.run([desk], { output: farm.path("f_####.exr"), waitMs: 100 });
  await expect(run.result).rejects.toMatchObject({
    message: expect.stringContaining("too old to write OpenEXR pictures"),
  });
});

test("pictures of these frames in the folder for passes stop the job before anything is rendered; others are named", async () => {
  const folder = farm.path("out.passes");
  await mkdir(join(folder, "passes"), { recursive: true });
  for (const name of [".DS_Store", "notes.txt", "passes/z0009.tga", "passes/z0002.tga"]) {
    await writeFile(join(folder, name), "mine");
  }
  const desk = await farm.start({ sceneInfo: { pictures: withNodes }, pictures: (frame) => [depthOf(frame)] });
  await expect(farm.run([desk]).result).rejects.toMatchObject({
    code: "FARM_OUTPUT_EXISTS",
    message: expect.stringContaining("z0002.tga"),
  });
  expect(desk.node.rendered).toEqual([]);
  await rm(join(folder, "passes/z0002.tga"));
  const { warnings } = await farm.run([desk]).completed();
  expect(warnings).toEqual([expect.stringMatching(/^2 other files are in .*: notes\.txt to passes\/z0009\.tga/)]);
  expect(await filesBelow(folder)).toHaveLength(7);
});

test("a view's suffix from a node never becomes a path: the node is refused", async () => {
  await mkdir(farm.path("elsewhere")); // without it, writing there would fail anyway
  await mkdir(farm.path("a/b"), { recursive: true });
  const pictures = { ...inStereo, suffixes: ["_L", "/../../../elsewhere/x"] };
  const desk = await farm.start({ scene, sceneInfo: { pictures }, pictures: (frame) => [rightOf(frame)] });
  const run = farm.run([desk], { output: farm.path("a/b/f_####.png"), waitMs: 100 });
  await expect(run.result).rejects.toMatchObject({ code: "FARM_NO_NODE" });
  expect(run.all("node:unreachable")[0]).toMatchObject({
    message: "Cannot understand the node: scene.pictures.suffixes: a view's suffix cannot be in a file name",
  });
  expect(desk.node.rendered).toEqual([]);
  expect(await readdir(farm.path("elsewhere"))).toEqual([]);
  expect(await filesBelow(farm.path("a/b"))).toEqual([]);
});

test("frames that FFmpeg refuses take their pictures along", async () => {
  const ffmpeg = await refusingFfmpeg(farm);
  const picture = spoils([2]);
  let version = 0;
  const both = () => ({
    ...{ picture, sceneInfo: { pictures: withNodes } },
    pictures: (frame: number) => [{ ...depthOf(frame), bytes: Buffer.from(`depth ${frame}, version ${version++}`) }],
  });
  const nodes = [await farm.start(both()), await farm.start(both())];
  const run = farm.run(nodes, { ffmpeg });
  await run.completed();
  expect(run.all("frame:refused")).toMatchObject([{ frame: 2 }]);
  expect(await filesBelow(farm.path("out.passes"))).toHaveLength(4);
});

test("what a node announces of pictures cannot end the job: another node renders the frame", async () => {
  const huge = { kind: "node" as const, view: 0, sizeBytes: 4 * 1024 ** 3, sha256: "0".repeat(64) };
  const liar = await farm.start({
    sceneInfo: { pictures: withNodes },
    claim: () => ({ pictures: Array.from({ length: 256 }, (_, index) => ({ ...huge, name: `a${index}.exr` })) }),
  });
  const desk = await farm.start({ sceneInfo: { pictures: withNodes }, pictures: (frame) => [depthOf(frame)] });
  await farm.run([liar, desk]).completed();
  expect(await filesBelow(farm.path("out.passes"))).toHaveLength(4);
});

test("passes that are switched off on the way are not rendered again, and can come back", async () => {
  const desk = await farm.start({ sceneInfo: { pictures: withNodes }, pictures: (frame) => [depthOf(frame)] });
  await farm.run([desk]).completed();
  desk.node.options.sceneInfo = { pictures: { ...withNodes, nodes: 0 } };
  const without = await farm.run([desk], { passes: false, overwrite: true }).completed();
  expect(without).toMatchObject({ reused: 4 });
  expect(without.passes).toBeUndefined();
  desk.node.options.sceneInfo = { pictures: withNodes };
  expect(await farm.run([desk], { overwrite: true }).completed()).toMatchObject({ reused: 4, passes: { files: 4 } });
});

test("frames that lack the pictures are rendered again, and the reason is told", async () => {
  const desk = await farm.start({ sceneInfo: { pictures: { ...withNodes, nodes: 0 } } });
  await farm.run([desk], { passes: false }).completed();
  desk.node.options.sceneInfo = { pictures: withNodes };
  desk.node.options.pictures = (frame) => [depthOf(frame)];
  const run = farm.run([desk], { overwrite: true });
  expect(await run.completed()).toMatchObject({ reused: 0, passes: { files: 4 } });
  expect(run.all("frames:outdated")).toMatchObject([{ frames: 4, reason: "they lack pictures that are wanted now" }]);
});

test("--format png with a video leaves the PNGs in a folder beside it, and encode does too", async () => {
  const desk = await farm.start({ scene: { colorMode: "RGB" } });
  const { pictures } = await farm.run([desk], { format: "png" }).completed();
  expect(pictures).toEqual({ folder: farm.path("out.frames"), files: 4 });
  const names = [1, 2, 3, 4].map((frame) => `${padded(frame)}.png`);
  expect(await filesBelow(farm.path("out.frames"))).toEqual(names);
  await rm(farm.path("out.frames"), { recursive: true });
  const encoding = { overwrite: true, onEvent: () => {}, signal: new AbortController().signal };
  await encodeFolder(`${farm.output}.renderfarm`, encoding);
  expect(await filesBelow(farm.path("out.frames"))).toEqual(names);
});

test("a --format that the output's extension overrules is told", async () => {
  const desk = await farm.start({ scene: { colorMode: "RGB" } });
  const run = farm.run([desk], { format: "jpeg", output: farm.path("f/f_####.png") });
  expect((await run.completed()).warnings).toEqual(["--format jpeg is not used: the output's extension says png"]);
});

test("a finished job whose passes are gone, or whose sound is to be another, is not called done again", async () => {
  const desk = await farm.start({ sceneInfo: { pictures: withNodes }, pictures: (frame) => [depthOf(frame)] });
  await farm.run([desk], { keepFrames: false }).completed();
  expect(await farm.run([desk], { keepFrames: false }).completed()).toMatchObject({ reused: 4 });
  const exists = { code: "FARM_OUTPUT_EXISTS" };
  await expect(farm.run([desk], { audio: "off" }).result).rejects.toMatchObject(exists);
  await expect(farm.run([desk], { format: "png" }).result).rejects.toMatchObject(exists);
  await rm(farm.path("out.passes/passes/z0003.tga"));
  await expect(farm.run([desk], {}).result).rejects.toMatchObject(exists);
});

test("encode refuses what the frames cannot become before it makes a folder, and can leave passes away", async () => {
  const desk = await farm.start({ sceneInfo: { pictures: withNodes }, pictures: (frame) => [depthOf(frame)] });
  await farm.run([desk]).completed();
  const encoding = { overwrite: true, onEvent: () => {}, signal: new AbortController().signal };
  const refused = encodeFolder(`${farm.output}.renderfarm`, { ...encoding, output: farm.path("new/f_####.jpg") });
  await expect(refused).rejects.toMatchObject({
    code: "FARM_BAD_INPUT",
    hint: expect.stringContaining("frame_####.png"),
  });
  expect(await readdir(farm.path(""))).not.toContain("new");
  await encodeFolder(`${farm.output}.renderfarm`, { ...encoding, output: farm.path("bare.mp4"), passes: false });
  expect(await readdir(farm.path(""))).not.toContain("bare.passes");
});

test("encode makes no one-eyed video of a stereo job, and takes no path from a job folder", async () => {
  const desk = await farm.start({ scene, sceneInfo: { pictures: inStereo }, pictures: (frame) => [rightOf(frame)] });
  const output = farm.path("pictures/f_####.png");
  await farm.run([desk], { output }).completed();
  const encoding = { overwrite: true, onEvent: () => {}, signal: new AbortController().signal };
  await expect(
    encodeFolder(`${output}.renderfarm`, { ...encoding, output: farm.path("left.mp4") }),
  ).rejects.toMatchObject({ code: "FARM_BAD_INPUT", message: expect.stringContaining("_L, _R") });

  await mkdir(farm.path("elsewhere")); // without it, writing there would fail anyway
  const path = `${output}.renderfarm/job.json`;
  const recorded = await readFile(path, "utf8");
  expect(recorded).toContain('"_R"');
  await writeFile(path, recorded.replace('"_R"', '"/../../elsewhere/y"'));
  await expect(encodeFolder(`${output}.renderfarm`, encoding)).rejects.toMatchObject({
    code: "FARM_FRAMES_FAILED",
    message: expect.stringContaining("4 frames are not stored"),
  });
  expect(await readdir(farm.path("elsewhere"))).toEqual([]);
});

test("a job that is stopped continues with its pictures, and encode makes them too", async () => {
  const stopped = new AbortController();
  const desk = await farm.start({
    ...{ sceneInfo: { pictures: withNodes }, pictures: (frame) => [depthOf(frame)] },
    beforeFrame: async (frame) => {
      if (frame === 4 && !stopped.signal.aborted) await once(stopped.signal, "abort");
    },
  });
  const first = farm.run([desk], { order: "sequential" });
  first.onEvent = (event) => {
    if (event.type !== "frame:stored" || first.stored.length < 3) return;
    first.stop.abort();
    stopped.abort();
  };
  expect((await first.result).type).toBe("interrupted");
  const second = farm.run([desk]);
  const { reused, passes } = await second.completed();
  expect(reused).toBeGreaterThanOrEqual(2);
  expect(passes?.files).toBe(4);

  const again = { overwrite: true, onEvent: () => {}, signal: new AbortController().signal };
  await encodeFolder(`${farm.output}.renderfarm`, { ...again, output: farm.path("again.mkv") });
  expect(await filesBelow(farm.path("again.passes"))).toHaveLength(4);
});
