import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { makeFarmKey } from "../../src/core/farm-key.ts";
import type { JobSettings } from "../../src/core/job-settings.ts";
import type { FarmEvent, FarmEventName } from "../../src/farm/events.ts";
import { type CompletedJob, type JobResult, renderJob } from "../../src/farm/render-job.ts";
import { FakeNode, type FakeNodeOptions } from "../support/fake-node.ts";
import { type FakeNodeServer, serveFakeNode } from "../support/fake-node-server.ts";
import { makeTemporaryFolder, type TemporaryFolder } from "../support/temporary-folder.ts";

vi.setConfig({ testTimeout: 30_000 }); // FFmpeg and the disk set the pace

const key = makeFarmKey();
let folder: TemporaryFolder;
let blend: string;
let output: string;
const servers: FakeNodeServer[] = [];

beforeEach(async () => {
  folder = await makeTemporaryFolder();
  blend = join(folder.path, "scene.blend");
  output = join(folder.path, "out.mp4");
  await writeFile(blend, `BLENDER-v304REND${"scene ".repeat(5_000)}`);
});
afterEach(async () => {
  const problems = servers.flatMap((server) => server.problems);
  for (const server of servers.splice(0)) await server[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
  expect(problems).toEqual([]);
});

interface StartedNode {
  readonly node: FakeNode;
  readonly server: FakeNodeServer;
}

async function start(options: FakeNodeOptions = {}): Promise<StartedNode> {
  const node = new FakeNode({ key, ...options });
  const server = await serveFakeNode(node);
  servers.push(server);
  return { node, server };
}

/** A run of `renderJob` on these nodes, with all that it told. */
class Run {
  readonly events: FarmEvent[] = [];
  readonly drain = new AbortController();
  readonly stop = new AbortController();
  readonly result: Promise<JobResult>;
  /** Called with each event; a test acts in the middle of the job in it. */
  onEvent: (event: FarmEvent) => void;

  constructor(
    nodes: readonly StartedNode[],
    settings: Partial<JobSettings> = {},
    onEvent: (event: FarmEvent, run: Run) => void = () => {},
  ) {
    this.onEvent = (event) => onEvent(event, this);
    this.result = renderJob(settingsFor(nodes, settings), {
      onEvent: (event) => {
        this.events.push(event);
        this.onEvent(event);
      },
      drain: this.drain.signal,
      signal: this.stop.signal,
    });
    this.result.catch(() => {});
  }

  all<T extends FarmEventName>(type: T): Extract<FarmEvent, { type: T }>[] {
    return this.events.filter((event): event is Extract<FarmEvent, { type: T }> => event.type === type);
  }

  async completed(): Promise<CompletedJob> {
    const result = await this.result;
    if (result.type !== "completed") throw new Error(`The job was ${result.type}`);
    return result;
  }
}

function settingsFor(nodes: readonly StartedNode[], settings: Partial<JobSettings>): JobSettings {
  return {
    ...{ blend, output, frames: undefined, scene: undefined, fps: undefined, order: "sequential" },
    ...{ nodes: nodes.map(({ server: { address } }) => ({ address })), isLocal: false, localSlots: 1 },
    ...{ blenderVersion: undefined, mixVersions: false, missing: "fail", keepFrames: false, overwrite: false },
    ...{ discover: false, crf: undefined, codec: undefined, poster: undefined, isFresh: false, waitMs: undefined },
    ...{ keys: [key], ffmpeg: undefined, blender: undefined, tlsCa: undefined, allowScripts: false },
    configFolder: join(folder.path, "config"),
    cacheFolder: join(folder.path, "cache"),
    ...settings,
  };
}

async function countFrames(path: string): Promise<number> {
  const asks = ["-v", "error", "-count_packets", "-show_entries", "stream=nb_read_packets", "-of", "csv=p=0", path];
  const ffprobe = process.env.FFPROBE_PATH ?? "ffprobe";
  return Number((await execa(ffprobe, asks)).stdout);
}

const frames = (run: Run) =>
  run
    .all("frame:stored")
    .map(({ frame }) => frame)
    .sort((a, b) => a - b);

describe("renderJob() makes the video", () => {
  test("of all frames, rendered once each by the nodes there are, and leaves the record only", async () => {
    const nodes = [await start({ name: "one", slots: 2 }), await start({ name: "two" })];
    const run = new Run(nodes, { frames: "1-12" });
    const result = await run.completed();
    expect(result).toMatchObject({ output, frames: 12, reused: 0, warnings: [] });
    expect(await countFrames(output)).toBe(12);
    expect(frames(run)).toEqual(range(1, 12));
    expect(result.nodes.reduce((sum, node) => sum + node.frames, 0)).toBe(12);
    expect(run.all("scene:read")).toMatchObject([{ frames: 12, fps: "24", width: 32, height: 24 }]);
    expect(nodes.map(({ node }) => node.job)).toEqual([undefined, undefined]); // both were set free
    const left = await readdir(`${output}.renderfarm`);
    expect(left).not.toContain("frames");
    expect(left).not.toContain("blob");
    expect(left).toContain("job.json");
    expect((await readdir(folder.path)).sort()).toEqual(["config", "out.mp4", "out.mp4.renderfarm", "scene.blend"]);
  });

  test("of the scene's own range and step when none is asked for", async () => {
    const nodes = [await start({ scene: { frameStart: -4, frameEnd: 4, frameStep: 4 } })];
    const run = new Run(nodes);
    await run.completed();
    expect(frames(run)).toEqual([-4, 0, 4]);
    expect(await countFrames(output)).toBe(3);
  });

  test("with the nodes' frames kept when that is asked for", async () => {
    await new Run([await start()], { frames: "1-3", keepFrames: true }).completed();
    expect((await readdir(`${output}.renderfarm/frames`)).filter((name) => name.endsWith(".png")).length).toBe(3);
  });

  test("although a node hangs up in mid-job, and takes over what it had rendered when it comes back", async () => {
    let cuts = 0;
    const one = await start({
      say: (message) => {
        if (message.type !== "frame-rendered" || message.result.frame !== 3 || cuts > 0) return [message];
        cuts += 1;
        one.server.cut(); // it has rendered frame 3 and cannot say so any more
        return [];
      },
    });
    const run = new Run([one], { frames: "1-6" });
    await run.completed();
    expect(cuts).toBe(1);
    expect(one.node.links).toBe(2);
    expect(run.all("node:lost").length).toBe(1);
    expect(run.all("job:waiting").length).toBe(1);
    expect(one.node.rendered.filter((frame) => frame === 3)).toEqual([3]); // held, and not rendered again
    expect(await countFrames(output)).toBe(6);
  });

  test("although a node dies for good: the others render its frames", async () => {
    const weak = await start({ name: "weak" });
    weak.node.options.beforeFrame = async () => {
      await weak.server[Symbol.asyncDispose]();
      await new Promise(() => {});
    };
    servers.splice(servers.indexOf(weak.server), 1);
    const strong = await start({ name: "strong" });
    const run = new Run([weak, strong], { frames: "1-8" });
    const result = await run.completed();
    expect(result.nodes).toMatchObject([{ name: "strong", frames: 8 }]);
    expect(await countFrames(output)).toBe(8);
  });

  const lies: [what: string, options: FakeNodeOptions][] = [
    ["truncated pictures", { picture: (_, honest) => honest.subarray(0, honest.length - 20) }],
    ["no pictures", { picture: () => Buffer.from("this is no PNG") }],
    ["bytes other than it announced", { claim: () => ({ sha256: "0".repeat(64) }) }],
    ["more bytes than it announced", { claim: ({ sizeBytes }) => ({ sizeBytes: sizeBytes - 1 }) }],
    ["fewer bytes than it announced", { claim: ({ sizeBytes }) => ({ sizeBytes: sizeBytes + 1 }) }],
  ];
  test("although five nodes send five kinds of rubbish: each is caught, and its frames are rendered elsewhere", async () => {
    const liars = await Promise.all(lies.map(([name, options]) => start({ name, ...options })));
    const honest = await start({ name: "honest" });
    const run = new Run([...liars, honest], { frames: "1-12" });
    // The honest one waits until every liar was caught, so that each has had his chance.
    const caught = new Set<string>();
    const allCaught = new Promise<void>((resolve) => {
      run.onEvent = (event) => {
        if (event.type === "frame:requeued") caught.add(event.name);
        if (caught.size === liars.length) resolve();
      };
    });
    honest.node.options.beforeFrame = () => allCaught;
    const result = await run.completed();
    expect([...caught].sort()).toEqual(lies.map(([name]) => name).sort());
    expect(result.nodes).toMatchObject([{ name: "honest", frames: 12 }]);
    expect(await countFrames(output)).toBe(12);
  });

  test("although a node sends one frame for another", async () => {
    const liar = await start({ name: "liar" });
    const honest = await start({ name: "honest" });
    const { makePng } = await import("../support/png.ts");
    liar.node.options.picture = (frame) => makePng({ width: 32, height: 24, depth: 8, colorMode: "RGB" }, frame + 1);
    const result = await new Run([liar, honest], { frames: "1-8" }).completed();
    expect(result.nodes.filter(({ name }) => name === "liar")).toEqual([]);
    expect(result.frames).toBe(8);
  });

  test("although a node no longer has a result that it announced", async () => {
    let lost = 0;
    const one = await start();
    one.node.options.onMessage = (message) => {
      if (message.type === "result-fetch" && lost === 0) {
        lost += 1;
        one.node.job?.results.delete(message.attempt);
      }
      return false;
    };
    await new Run([one], { frames: "1-3" }).completed();
    expect(lost).toBe(1);
    expect(await countFrames(output)).toBe(3);
  });

  test("although a frame fails on one node", async () => {
    const poor = await start({ name: "poor", fails: () => ({ code: "OUT_OF_MEMORY", message: "no memory left" }) });
    const rich = await start({ name: "rich" });
    const run = new Run([poor, rich], { frames: "1-6" });
    const result = await run.completed();
    expect(result.nodes).toMatchObject([{ name: "rich", frames: 6 }]);
  });

  test("although one of the nodes has another key, and says which", async () => {
    const stranger = makeFarmKey();
    const run = new Run([await start({ key: stranger, name: "stranger" }), await start()], { frames: "1-2" });
    await run.completed();
    expect(run.all("node:refused")).toMatchObject([
      { code: "FARM_KEY_UNUSABLE", message: expect.stringContaining(stranger.id) },
    ]);
  });

  test("on an open node that the user named, without a key", async () => {
    await new Run([await start({ key: null })], { frames: "1-2", keys: [] }).completed();
    expect(await countFrames(output)).toBe(2);
  });

  test("of the nodes whose Blender is that of most, and says who is left out", async () => {
    const nodes = [await start(), await start(), await start({ name: "new", blender: "4.2.0" })];
    const run = new Run(nodes, { frames: "1-6" });
    const result = await run.completed();
    expect(run.all("node:refused")).toMatchObject([{ message: expect.stringMatching(/new.*4\.2\.0/) }]);
    expect(result.nodes.map(({ blender }) => blender).every((version) => version === "3.4.1")).toBe(true);
  });

  test("without the missing files when the user lets them pass, with a warning for each", async () => {
    const references = [{ kind: "image", path: "//wood.png", missing: true }];
    const run = new Run([await start({ sceneInfo: { references } })], { frames: "1-2", missing: "warn" });
    expect((await run.completed()).warnings).toEqual([expect.stringContaining("//wood.png")]);
  });
});

/** A job of 10 frames that is asked to drain while it renders frame 5. */
async function startAndDrainAt5(): Promise<{ one: StartedNode; first: Run }> {
  const one = await start();
  let isDraining = () => {};
  const draining = new Promise<void>((resolve) => {
    isDraining = resolve;
  });
  const first = new Run([one], { frames: "1-10" }, (event) => {
    if (event.type === "job:draining") isDraining();
  });
  one.node.options.beforeFrame = (frame) => {
    if (frame !== 5) return;
    first.drain.abort();
    return draining;
  };
  first.result.then(() => delete one.node.options.beforeFrame).catch(() => {});
  return { one, first };
}

describe("renderJob() goes on where a run was interrupted", () => {
  test("by a drain: running frames are finished, stored ones are not rendered again", async () => {
    const { one, first } = await startAndDrainAt5();
    const interrupted = await first.result;
    const stored = frames(first);
    expect(interrupted).toEqual({ type: "interrupted", missing: 10 - stored.length });
    expect(stored.length).toBeLessThan(10);
    expect(first.all("job:draining").length).toBe(1);
    expect(one.node.job).toBeUndefined();

    const rendered = one.node.rendered.length;
    const second = new Run([one], { frames: "1-10" });
    const result = await second.completed();
    expect(result).toMatchObject({ frames: 10, reused: stored.length });
    expect(second.all("job:resumed")).toMatchObject([{ stored: stored.length }]);
    expect(frames(second)).toEqual(range(1, 10).filter((frame) => !stored.includes(frame)));
    expect(one.node.rendered.length - rendered).toBe(10 - stored.length);
    expect(await countFrames(output)).toBe(10);
  });

  test("by an abort in the middle of a frame", async () => {
    const one = await start({ beforeFrame: (frame) => (frame === 3 ? new Promise(() => {}) : undefined) });
    const first = new Run([one], { frames: "1-6" }, (event, run) => {
      if (event.type === "frame:stored" && event.stored === 2) run.stop.abort(new Error("Ctrl-C twice"));
    });
    expect(await first.result).toEqual({ type: "interrupted", missing: 4 });
    expect(one.node.job).toBeUndefined(); // it was set free at once
    delete one.node.options.beforeFrame;
    expect(await new Run([one], { frames: "1-6" }).completed()).toMatchObject({ reused: 2 });
    expect(await countFrames(output)).toBe(6);
  });

  test("but begins anew, and says so, when the blendfile has changed", async () => {
    const { one, first } = await startAndDrainAt5();
    await first.result;
    await writeFile(blend, "BLENDER-v304REND another scene");
    const second = new Run([one], { frames: "1-10" });
    expect(await second.completed()).toMatchObject({ reused: 0 });
    expect(second.all("job:restarted").length).toBe(1);
    expect(frames(second)).toEqual(range(1, 10));
  });

  test("but begins anew, and says so, when a file that the scene uses has changed", async () => {
    const { one, first } = await startAndDrainAt5();
    await first.result;
    one.node.options.sceneInfo = { ...one.node.options.sceneInfo, files: "ab".repeat(32) };
    const second = new Run([one], { frames: "1-10" });
    expect(await second.completed()).toMatchObject({ reused: 0 });
    expect(second.all("job:restarted")).toMatchObject([
      { reason: expect.stringContaining("a file that the scene uses") },
    ]);
    expect(frames(second)).toEqual(range(1, 10));
  });

  test("that was stopped before any node had answered", async () => {
    const one = await start({ silentAfter: "hello" });
    const run = new Run([one], { frames: "1-2" }, (event) => {
      if (event.type === "job:started") run.stop.abort(new Error("enough"));
    });
    expect(await run.result).toEqual({ type: "interrupted", missing: null });
  });
});

describe("renderJob() keeps pixels apart that differ:", () => {
  test("a node whose files differ from the first one's is left out, as its frames would look otherwise", async () => {
    let open = () => {};
    const bothWereThere = new Promise<void>((resolve) => {
      open = resolve;
    });
    const nodes = [
      await start({ beforeFrame: () => bothWereThere }),
      await start({ beforeFrame: () => bothWereThere, sceneInfo: { files: "cd".repeat(32) } }),
    ];
    const run = new Run(nodes, { frames: "1-4" }, (event) => {
      if (event.type === "node:refused") open();
    });
    expect(await run.completed()).toMatchObject({ frames: 4 });
    expect(run.all("node:refused")).toMatchObject([{ message: expect.stringContaining("not the same there") }]);
    expect(nodes.map(({ node }) => node.rendered.length).sort()).toEqual([0, 4]);
  });
});

describe("renderJob() ends with an error", () => {
  test("that lists the files which the nodes do not have", async () => {
    const missing = (path: string) => ({ kind: "image", path, missing: true });
    const references = [
      missing("//textures/wood.png"),
      { ...missing("//here.png"), missing: false },
      missing("/b\n.png"),
    ];
    const run = new Run([await start({ sceneInfo: { references } })]);
    await expect(run.result).rejects.toMatchObject({
      code: "FARM_FILES_MISSING",
      message: expect.stringMatching(/2 files[\s\S]*\/\/textures\/wood\.png[\s\S]*\/b\\u000a\.png/),
      hint: expect.stringContaining("Pack"),
    });
    await expect(run.result).rejects.not.toMatchObject({ message: expect.stringContaining("here.png") });
  });

  test("in the node's words when no node can open the file", async () => {
    const loadFails = { code: "FILE_UNREADABLE", message: "not a blend after all" } as const;
    const run = new Run([await start({ loadFails }), await start({ loadFails })]);
    await expect(run.result).rejects.toMatchObject({
      code: "FARM_NOT_A_BLEND",
      message: expect.stringContaining("not a blend after all"),
    });
    expect(run.all("node:refused").length).toBeGreaterThan(0);
  });

  test("when the scene has no camera", async () => {
    const run = new Run([await start({ scene: { camera: null, cameras: [] } })]);
    await expect(run.result).rejects.toMatchObject({
      code: "FARM_BAD_INPUT",
      message: expect.stringContaining("camera"),
    });
  });

  test("when frames fail on every node, and keeps the others", async () => {
    const fails = (frame: number) =>
      frame === 2 ? { code: "RENDER_FAILED" as const, message: "it cannot" } : undefined;
    const run = new Run([await start({ fails }), await start({ fails })], { frames: "1-4" });
    await expect(run.result).rejects.toMatchObject({
      code: "FARM_FRAMES_FAILED",
      message: expect.stringContaining("1 frame failed: 2"),
    });
    expect(frames(run)).toEqual([1, 3, 4]);
    expect(run.all("frame:failed")).toMatchObject([{ frame: 2, code: "RENDER_FAILED", message: "it cannot" }]);
    expect(await readdir(folder.path)).not.toContain("out.mp4");
  });

  test("when the key is another one, naming both ids and no key", async () => {
    const stranger = makeFarmKey();
    const run = new Run([await start({ key: stranger })]);
    const failure = (await run.result.catch((error: unknown) => error)) as Error;
    expect(failure).toMatchObject({ code: "FARM_KEY_UNUSABLE" });
    expect(failure.message).toContain(stranger.id);
    expect(failure.message).toContain(key.id);
  });

  test("when no node answers, naming each", async () => {
    const [one, two] = [await start(), await start()];
    for (const { server } of [one, two]) await server[Symbol.asyncDispose]();
    servers.length = 0;
    const failure = (await new Run([one, two]).result.catch((error: unknown) => error)) as Error;
    expect(failure).toMatchObject({ code: "FARM_NO_NODE" });
    for (const { server } of [one, two]) expect(failure.message).toContain(String(server.address.port));
  });

  test("that says why the only node there is is left out", async () => {
    await writeFile(blend, "BLENDER-v402REND saved by a newer one");
    const run = new Run([await start({ name: "old", blender: "3.4.1" })]);
    await expect(run.result).rejects.toMatchObject({
      code: "FARM_NODE_REFUSED",
      message: expect.stringContaining("its Blender 3.4.1 is older than the blendfile, which Blender 4.2 saved"),
    });
  });

  test("when the output is there and was not to be replaced, before any node is asked", async () => {
    const one = await start();
    await writeFile(output, "precious");
    const run = new Run([one]);
    await expect(run.result).rejects.toMatchObject({ code: "FARM_OUTPUT_EXISTS" });
    expect(one.node.links).toBe(0);
    expect(await readFile(output, "utf8")).toBe("precious");
    expect((await readdir(folder.path)).sort()).toEqual(["out.mp4", "scene.blend"]);
    await new Run([one], { frames: "1-2", overwrite: true }).completed();
    expect(await countFrames(output)).toBe(2);
  });

  test("for bad input, before any node is asked, and leaves nothing", async () => {
    const one = await start();
    await mkdir(join(folder.path, "sub"));
    const inputs: [settings: Partial<JobSettings>, code: string][] = [
      [{ blend: join(folder.path, "none.blend") }, "FARM_BLEND_NOT_FOUND"],
      [{ blend: join(folder.path, "sub") }, "FARM_NOT_A_BLEND"],
      [{ output: join(folder.path, "out.xyz") }, "FARM_BAD_INPUT"],
      [{ fps: "fast" }, "FARM_BAD_INPUT"],
      [{ ffmpeg: join(folder.path, "no-ffmpeg") }, "FARM_FFMPEG_MISSING"],
    ];
    for (const [settings, code] of inputs) {
      await expect(new Run([one], settings).result).rejects.toMatchObject({ code });
    }
    expect(one.node.links).toBe(0);
    expect((await readdir(folder.path)).sort()).toEqual(["scene.blend", "sub"]);
  });

  test("while another run has the job folder", async () => {
    const one = await start();
    const first = new Run([one], { frames: "1-2" });
    let release = () => {};
    one.node.options.beforeFrame = () =>
      new Promise((resolve) => {
        release = resolve;
        second = new Run([one], { frames: "1-2" });
        second.result.catch(() => {}).finally(release);
      });
    let second: Run | undefined;
    await first.completed();
    await expect(second?.result).rejects.toMatchObject({ code: "FARM_JOB_LOCKED" });
  });
});

function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}
