import { access, appendFile, mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { isAbsolute, join } from "node:path";
import { execa } from "execa";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { JobSettings } from "../../../src/config/job-settings.ts";
import type { JobRequest } from "../../../src/config/resolve-settings.ts";
import { makeFarmKey } from "../../../src/core/farm-key.ts";
import { shellQuoted } from "../../../src/core/text.ts";
import type { FarmEvent } from "../../../src/farm/events.ts";
import { encodeFolder } from "../../../src/farm/output/encode-folder.ts";
import { type JobResult, renderJob } from "../../../src/farm/render-job.ts";
import { FakeNode, type FakeNodeOptions } from "../../support/nodes/fake-node.ts";
import { type FakeNodeServer, serveFakeNode } from "../../support/nodes/fake-node-server.ts";
import { makePng } from "../../support/png.ts";
import { makeTemporaryFolder, type TemporaryFolder } from "../../support/temporary-folder.ts";

vi.setConfig({ testTimeout: 30_000 }); // FFmpeg and the disk set the pace

const key = makeFarmKey();
let folder: TemporaryFolder;
let server: FakeNodeServer;
let events: FarmEvent[];
const pathOf = (name: string) => join(folder.path, name);

async function startNode(scene: NonNullable<FakeNodeOptions["scene"]> = { frameStart: 1, frameEnd: 5 }): Promise<void> {
  await server?.[Symbol.asyncDispose]();
  const { colorMode = "RGB" } = scene;
  const picture = (frame: number) => makePng({ width: 32, height: 24, depth: 8, colorMode }, frame);
  server = await serveFakeNode(new FakeNode({ key, scene, picture }));
}

beforeEach(async () => {
  folder = await makeTemporaryFolder();
  events = [];
  await writeFile(pathOf("scene.blend"), `BLENDER-v304REND${"scene ".repeat(500)}`);
  await startNode();
});
afterEach(async () => {
  await server[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

async function render(output: string, settings: Partial<JobSettings> = {}): Promise<JobResult> {
  const never = new AbortController().signal;
  const all: JobRequest = {
    ...{ blend: pathOf("scene.blend"), output: isAbsolute(output) ? output : pathOf(output) },
    ...{ nodes: [{ address: server.address }], keepFrames: true, allowSleep: true, keys: [key] },
    ...{ configFolder: pathOf("config"), cacheFolder: pathOf("cache") },
    ...settings,
  };
  return await renderJob(all, { onEvent: (event) => events.push(event), drain: never, signal: never });
}

const encode = (name: string, options: Partial<Parameters<typeof encodeFolder>[1]> = {}) =>
  encodeFolder(pathOf(name), {
    overwrite: false,
    onEvent: (event) => events.push(event),
    signal: new AbortController().signal,
    ...options,
  });

const told = (type: FarmEvent["type"]) => events.filter((event) => event.type === type);

async function streamOf(path: string): Promise<string> {
  const entries = "stream=codec_name,pix_fmt,nb_read_packets";
  const args = ["-v", "error", "-count_packets", "-show_entries", entries, "-of", "csv=p=0", path];
  return (await execa("ffprobe", args)).stdout.trim();
}

/** An FFmpeg that answers questions but cannot encode. */
async function brokenFfmpeg(): Promise<string> {
  const path = pathOf("broken-ffmpeg");
  const text = 'case "$*" in *pipe:0*) echo "no luck today" >&2; exit 9;; *) exec ffmpeg "$@";; esac';
  await writeFile(path, `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  return path;
}

describe("renderJob() makes every kind of output", () => {
  test.each([
    ["a.webm", "RGBA", "vp9,yuv420p,5"], // ffprobe's own decoder ignores the alpha of VP9
    ["a.webm", "RGB", "vp9,yuv420p,5"],
    ["a.mov", "RGBA", "prores,yuva444p12le,5"],
    ["a.mov", "RGB", "prores,yuv422p10le,5"],
    ["a.gif", "RGB", "gif,bgra,5"],
  ] as const)("%s of a scene in %s", async (output, colorMode, expected) => {
    await startNode({ frameStart: 1, frameEnd: 5, colorMode });
    expect(await render(output)).toMatchObject({ type: "completed", frames: 5 });
    expect(await streamOf(pathOf(output))).toBe(expected);
  });

  test("pictures in a folder, with negative frames, and again with the same frames", async () => {
    await startNode({ frameStart: -1, frameEnd: 1, colorMode: "RGBA" });
    await render(`${pathOf("frames.v2")}/`, { poster: pathOf("first.png") });
    expect((await readdir(pathOf("frames.v2"))).sort()).toEqual(["-0001.png", "0000.png", "0001.png"]);
    expect(await readFile(pathOf("first.png"))).toEqual(await readFile(pathOf("frames.v2/-0001.png")));
    expect((await render(`${pathOf("frames.v2")}/`)).type).toBe("completed"); // they are this job's own pictures
    await rm(pathOf("frames.v2/0000.png"));
    await writeFile(pathOf("frames.v2/0000.png"), "mine");
    await expect(render(`${pathOf("frames.v2")}/`)).rejects.toMatchObject({ code: "FARM_OUTPUT_EXISTS" });
  });
});

describe("an output whose frames are all stored", () => {
  test("is finished without any node if the previous run failed while encoding", async () => {
    const ffmpeg = await brokenFfmpeg();
    const failing = render("a.mp4", { ffmpeg, poster: pathOf("a.png") });
    await expect(failing).rejects.toMatchObject({
      code: "FARM_FFMPEG_EXITED",
      exitCode: 5,
      message: expect.stringContaining("no luck today"),
      hint: expect.stringContaining(`renderfarm encode ${shellQuoted(`${pathOf("a.mp4")}.renderfarm`)}`),
    });
    expect(told("encode:postponed")).toHaveLength(1);
    expect(await readdir(folder.path)).not.toContain("a.png");
    await server[Symbol.asyncDispose](); // no node can be reached
    events = [];
    const result = await render("a.mp4", { poster: pathOf("a.png") });
    expect(result).toMatchObject({ type: "completed", frames: 5, reused: 5, nodes: [] });
    expect(told("job:checking")).toEqual([{ type: "job:checking", frames: 5 }]);
    expect(told("job:resumed")).toEqual([{ type: "job:resumed", stored: 5, range: "1-5" }]);
    expect(told("scene:read")).toMatchObject([{ frames: 5, fps: "24" }]);
    expect(await streamOf(pathOf("a.mp4"))).toBe("h264,yuv420p,5");
    await access(pathOf("a.png"));
  });

  test("is finished without any node for a part of its range, but not for a longer range or with a damaged frame", async () => {
    await render("a.mp4");
    await server[Symbol.asyncDispose]();
    expect(await render("a.mp4", { frames: "2-4", overwrite: true })).toMatchObject({ frames: 3, reused: 3 });
    expect(await streamOf(pathOf("a.mp4"))).toBe("h264,yuv420p,3");
    // The scene's range is still known.
    expect(await render("a.mp4", { overwrite: true })).toMatchObject({ frames: 5, reused: 5 });
    const asks = { code: "FARM_NODE_UNREACHABLE" };
    await expect(render("a.mp4", { overwrite: true, frames: "1-6" })).rejects.toMatchObject(asks);
    await expect(render("a.mp4", { overwrite: true, blenderVersion: "4.2" })).rejects.toThrow();
    await appendFile(pathOf("a.mp4.renderfarm/frames/0000003.png"), "x");
    await expect(render("a.mp4", { overwrite: true })).rejects.toMatchObject(asks);
  });
});

describe("encodeFolder()", () => {
  test("makes the same video again, another one, or pictures, and does not change the folder", async () => {
    await render("a.mp4", { crf: 30 });
    const first = await readFile(pathOf("a.mp4"));
    await server[Symbol.asyncDispose]();
    await mkdir(pathOf("moved"));
    await rename(pathOf("a.mp4.renderfarm"), pathOf("moved/a.mp4.renderfarm"));
    const before = await readdir(pathOf("moved/a.mp4.renderfarm"), { recursive: true });

    const made = await encode("moved/a.mp4.renderfarm");
    expect(made).toMatchObject({ output: pathOf("moved/a.mp4"), frames: 5 });
    expect(await readFile(pathOf("moved/a.mp4"))).toEqual(first);
    await expect(encode("moved/a.mp4.renderfarm")).rejects.toMatchObject({ code: "FARM_OUTPUT_EXISTS" });
    await encode("moved/a.mp4.renderfarm", { overwrite: true, codec: "hevc" });
    expect(await streamOf(pathOf("moved/a.mp4"))).toBe("hevc,yuv420p,5");
    await encode("moved/a.mp4.renderfarm", { output: pathOf("b.mkv"), codec: "ffv1" });
    expect(await streamOf(pathOf("b.mkv"))).toBe("ffv1,bgr0,5");
    await encode("moved/a.mp4.renderfarm", { output: pathOf("c_##.png") });
    expect((await readdir(folder.path)).filter((name) => name.startsWith("c_"))).toHaveLength(5);
    expect(await readdir(pathOf("moved/a.mp4.renderfarm"), { recursive: true })).toEqual(before);
  });

  test("names missing and damaged frames, and removes nothing", async () => {
    await render("a.mp4");
    await rm(pathOf("a.mp4"));
    await rm(pathOf("a.mp4.renderfarm/frames/0000002.png"));
    await appendFile(pathOf("a.mp4.renderfarm/frames/0000004.png"), "x");
    await expect(encode("a.mp4.renderfarm")).rejects.toMatchObject({
      code: "FARM_FRAMES_FAILED",
      exitCode: 4,
      message: expect.stringMatching(/2 frames are not stored .*: 2,4$/),
    });
    expect(await readdir(pathOf("a.mp4.renderfarm/frames"))).toHaveLength(4);
    expect(await readdir(folder.path)).not.toContain("a.mp4");
  });

  test("refuses a folder that is not a job folder or whose record has no facts, and writes nothing", async () => {
    for (const name of [".", "scene.blend", "nowhere"]) {
      await expect(encode(name)).rejects.toMatchObject({ code: "FARM_BAD_INPUT" });
    }
    await render("a.mp4");
    const path = pathOf("a.mp4.renderfarm/job.json");
    const record = JSON.parse(await readFile(path, "utf8"));
    await writeFile(path, JSON.stringify({ ...record, facts: undefined })); // as an earlier release wrote it
    await expect(encode("a.mp4.renderfarm")).rejects.toMatchObject({ code: "FARM_FRAMES_FAILED" });
  });
});
