import { readdir, readFile } from "node:fs/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Frame } from "../../src/core/node.ts";
import { encodeFolder } from "../../src/farm/output/encode-folder.ts";
import type { FakeNodeOptions } from "../support/nodes/fake-node.ts";
import { range, ScriptedFarm, type ScriptedNode, type ScriptedRun } from "../support/nodes/scripted-farm.ts";
import { makePng } from "../support/png.ts";
import { refusingFfmpeg, spoils, unreadable } from "../support/refused.ts";

const format = { width: 32, height: 24, depth: 8, colorMode: "RGB" } as const;

let farm: ScriptedFarm;
let ffmpeg: string;

beforeEach(async () => {
  farm = await ScriptedFarm.open();
  ffmpeg = await refusingFfmpeg(farm);
});
afterEach(async () => {
  await farm[Symbol.asyncDispose]();
});

/** Two nodes with the same options. */
async function startPair(options: FakeNodeOptions): Promise<[ScriptedNode, ScriptedNode]> {
  return [await farm.start({ name: "attic", ...options }), await farm.start({ name: "cellar", ...options })];
}

/** The other nodes join only after this one. */
function letJoinFirst(run: ScriptedRun, first: ScriptedNode, others: readonly ScriptedNode[]): void {
  const joined = new Promise<void>((resolve) => {
    run.onEvent = (event) => event.type === "node:joined" && event.node === first.node.id && resolve();
  });
  for (const { node } of others) node.options.beforeLoad = () => joined;
}

/** The nodes whose result of a frame was stored, in order. */
function storedFrom(run: ScriptedRun, frame: Frame): string[] {
  return run.all("frame:stored").flatMap((event) => (event.frame === frame ? [event.name] : []));
}

/** Expects that each of these frames was refused once, and rendered again by the other node. */
function expectElsewhere(run: ScriptedRun, frames: readonly Frame[]): void {
  expect(run.all("frame:refused").map(({ frame }) => frame)).toEqual(frames);
  for (const { frame, name } of run.all("frame:refused")) {
    const [first, second, ...others] = storedFrom(run, frame);
    expect([first, others]).toEqual([name, []]);
    expect(second).not.toBe(first);
  }
}

async function expectVideo(frames: readonly Frame[]): Promise<void> {
  expect(await farm.countFrames()).toBe(frames.length);
}

describe("a frame that FFmpeg refuses", () => {
  test("is reported with its node, set aside and rendered elsewhere during the job, and the video has all frames", async () => {
    const nodes = await startPair({ picture: spoils([2]) });
    const run = farm.run(nodes, { frames: "1-8", ffmpeg });
    const told = new Promise<void>((resolve) => {
      run.onEvent = (event) => event.type === "frame:refused" && resolve();
    });
    // So that it is found while the job runs.
    for (const { node } of nodes) node.options.beforeFrame = (frame) => (frame > 5 ? told : undefined);

    const result = await run.completed();

    expectElsewhere(run, [2]);
    const [refused] = run.all("frame:refused");
    expect(refused).toMatchObject({
      message: "Decoding error: Invalid data found when processing input",
      file: expect.stringMatching(/out\.mp4\.renderfarm\/refused\/0000002\.[0-9a-f]{8}\.png$/),
    });
    expect(run.all("frame:requeued")).toMatchObject([{ frame: 2, name: refused?.name, code: "FFMPEG_REFUSED" }]);
    expect(run.all("encode:postponed")).toEqual([]);
    expect(result).toMatchObject({ frames: 8, reused: 0 });
    expect(result.nodes.reduce((sum, { frames }) => sum + frames, 0)).toBe(8);
    await expectVideo(range(1, 8));
    expect(await readFile(refused?.file ?? "")).toEqual(unreadable(makePng(format, 2)));
    expect(await storedBy()).toMatchObject({ 2: storedFrom(run, 2)[1] });
  });

  test.each([
    ["the first", 1],
    ["the last", 6],
  ])("is rendered elsewhere if all frames are stored already: %s", async (_, frame) => {
    const run = farm.run(await startPair({ picture: spoils([frame]) }), { frames: "1-6", ffmpeg });
    expect(await run.completed()).toMatchObject({ frames: 6 });
    expectElsewhere(run, [frame]);
    await expectVideo(range(1, 6));
  });

  test("among many of one node: all are found at once, and the node is barred", async () => {
    const attic = await farm.start({ name: "attic", picture: (_, honest) => unreadable(honest) });
    const cellar = await farm.start({ name: "cellar" });
    const run = farm.run([attic, cellar], { frames: "1-8", ffmpeg });
    // The other node starts after five frames are stored.
    const some = new Promise<void>((resolve) => {
      run.onEvent = () => run.all("frame:stored").length === 5 && resolve();
    });
    cellar.node.options.beforeFrame = () => some;
    await run.completed();
    const refused = run.all("frame:refused").map(({ frame }) => frame);
    expect(refused.length).toBeGreaterThanOrEqual(3);
    expect(new Set(refused).size).toBe(refused.length);
    expect(run.all("node:barred")).toMatchObject([{ name: "attic" }]);
    await expectVideo(range(1, 8));
  });

  test("is rendered again by the same node if there is no other", async () => {
    const attic = await farm.start({ name: "attic", picture: spoils([3]) });
    const run = farm.run([attic], { frames: "1-4", ffmpeg });
    await run.completed();
    expect(storedFrom(run, 3)).toEqual(["attic", "attic"]);
    await expectVideo(range(1, 4));
  });

  test("from two nodes ends the job with exit code 5 and both names; a later run continues with a third node", async () => {
    const [attic, cellar] = await startPair({ picture: spoils([2], 2) });
    const run = farm.run([attic, cellar], { frames: "1-4", ffmpeg });
    await expect(run.result).rejects.toMatchObject({
      ...{ code: "FARM_FFMPEG_EXITED", exitCode: 5 },
      message: expect.stringMatching(
        /^FFmpeg refuses frame 2, from (attic and from cellar|cellar and from attic): Decoding/,
      ),
      hint: expect.stringMatching(/refused\/0000002\.[0-9a-f]{8}\.png.*other frames are kept/),
    });
    expect(run.all("frame:refused").length).toBe(2);
    expect(Object.keys(await farm.storedDigests())).toEqual(["0000001.png", "0000003.png", "0000004.png"]);
    expect((await readdir(`${farm.output}.renderfarm/refused`)).length).toBe(1); // both results had the same bytes

    // Neither of them gets the frame again if there is another node.
    const barn = await farm.start({ name: "barn" });
    const again = farm.run([attic, cellar, barn], { frames: "1-4", ffmpeg });
    letJoinFirst(again, barn, [attic, cellar]);
    expect(await again.completed()).toMatchObject({ reused: 3 });
    expect(storedFrom(again, 2)).toEqual(["barn"]);
    await expectVideo(range(1, 4));
  });

  test.each([
    ["a GIF", "out.gif"],
    ["prores", "out.mov"],
  ])("of %s is rendered elsewhere", async (_, name) => {
    const output = farm.path(name);
    const nodes = await startPair({ picture: spoils([2]), scene: { colorMode: "RGB" } });
    const run = farm.run(nodes, { frames: "1-4", output, ffmpeg });
    await run.completed();
    expectElsewhere(run, [2]);
    expect(await farm.countFrames(output)).toBe(4);
  });

  test("of a poster of an image sequence is rendered elsewhere, and the new picture is in its place", async () => {
    const [output, poster] = [farm.path("frame_###.png"), farm.path("poster.jpg")];
    const nodes = await startPair({ picture: spoils([1]), scene: { colorMode: "RGB" } });
    const run = farm.run(nodes, { frames: "1-3", output, poster, ffmpeg });
    await run.completed();
    expectElsewhere(run, [1]);
    expect(await readFile(farm.path("frame_001.png"))).toEqual(makePng(format, 1));
    expect((await readFile(poster)).subarray(0, 2)).toEqual(Buffer.from([0xff, 0xd8]));
  });
});

describe("a fully stored job with a frame that FFmpeg refuses", () => {
  /** A completed job with a frame that only the real FFmpeg can read. */
  async function storeOdd(): Promise<ScriptedNode> {
    const attic = await farm.start({ name: "attic", picture: spoils([3]) });
    await farm.run([attic], { frames: "1-4" }).completed();
    return attic;
  }

  test("`encode` names the frame and its node, and changes nothing", async () => {
    await storeOdd();
    const before = await farm.storedDigests();
    const signal = new AbortController().signal;
    const encoding = encodeFolder(`${farm.output}.renderfarm`, { overwrite: true, onEvent: () => {}, ffmpeg, signal });
    await expect(encoding).rejects.toMatchObject({
      ...{ code: "FARM_FFMPEG_EXITED", exitCode: 5 },
      message: expect.stringMatching(/^FFmpeg refuses frame 3, which attic rendered: Decoding error/),
      hint: expect.stringContaining("Run the render command again"),
    });
    expect(await farm.storedDigests()).toEqual(before);
  });

  test("the same command renders the frame again on another node", async () => {
    const attic = await storeOdd();
    const cellar = await farm.start({ name: "cellar" });
    const rendered = attic.node.rendered.length;
    const run = farm.run([attic, cellar], { frames: "1-4", overwrite: true, ffmpeg });
    letJoinFirst(run, cellar, [attic]);
    expect(await run.completed()).toMatchObject({ frames: 4, reused: 3 });
    expect(run.all("frame:refused")).toMatchObject([{ frame: 3, name: "attic" }]);
    expect(cellar.node.rendered).toEqual([3]);
    expect(attic.node.rendered.length).toBe(rendered);
    await expectVideo(range(1, 4));
  });

  test("if FFmpeg refuses it again, the job fails and names both nodes", async () => {
    const attic = await storeOdd();
    const cellar = await farm.start({ name: "cellar", picture: (_, honest) => unreadable(honest) });
    const run = farm.run([attic, cellar], { frames: "1-4", overwrite: true, ffmpeg });
    letJoinFirst(run, cellar, [attic]);
    await expect(run.result).rejects.toMatchObject({
      message: expect.stringContaining("FFmpeg refuses frame 3, from attic and from cellar"),
    });
  });
});

/** The node of each stored frame, by its last record. */
async function storedBy(): Promise<Record<number, string>> {
  const lines = (await readFile(`${farm.output}.renderfarm/frames.ndjson`, "utf8")).trim().split("\n");
  return Object.fromEntries(
    lines
      .map((line) => JSON.parse(line) as { frame: number; node: { name: string } })
      .map(({ frame, node }) => [frame, node.name]),
  );
}
