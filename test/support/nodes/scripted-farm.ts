import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { expect } from "vitest";
import type { JobSettings } from "../../../src/config/job-settings.ts";
import type { JobRequest } from "../../../src/config/resolve-settings.ts";
import { type FarmKey, makeFarmKey } from "../../../src/core/farm-key.ts";
import type { Frame } from "../../../src/core/node.ts";
import type { FarmEvent, FarmEventName } from "../../../src/farm/events.ts";
import type { JobQuestions } from "../../../src/farm/job/job-context.ts";
import { type CompletedJob, type JobResult, renderJob } from "../../../src/farm/render-job.ts";
import { makePng } from "../png.ts";
import { makeTemporaryFolder, type TemporaryFolder } from "../temporary-folder.ts";
import { digestOf, FakeNode, type FakeNodeOptions } from "./fake-node.ts";
import { type FakeNodeServer, serveFakeNode } from "./fake-node-server.ts";

/** A fake node that listens. */
export interface ScriptedNode {
  readonly node: FakeNode;
  readonly server: FakeNodeServer;
}

/**
 * A farm of scripted nodes that speak the real protocol over real sockets. Jobs run on them by the real `renderJob`,
 * with the real store and FFmpeg. The caller that opens it owns it: `await using`.
 */
export class ScriptedFarm implements AsyncDisposable {
  readonly key: FarmKey = makeFarmKey();
  readonly #folder: TemporaryFolder;
  readonly #servers: FakeNodeServer[] = [];

  private constructor(folder: TemporaryFolder) {
    this.#folder = folder;
  }

  static async open(): Promise<ScriptedFarm> {
    const farm = new ScriptedFarm(await makeTemporaryFolder());
    await writeFile(farm.blend, `BLENDER-v304REND${"scene ".repeat(500)}`);
    return farm;
  }

  /** The blendfile of its jobs. Fake nodes do not read it. */
  get blend(): string {
    return this.path("scene.blend");
  }

  get output(): string {
    return this.path("out.mp4");
  }

  path(name: string): string {
    return join(this.#folder.path, name);
  }

  async start(options: FakeNodeOptions = {}): Promise<ScriptedNode> {
    const node = new FakeNode({ key: this.key, ...options });
    const server = await serveFakeNode(node);
    this.#servers.push(server);
    return { node, server };
  }

  /** Runs a job on these nodes, as if the user had named them. */
  run(nodes: readonly ScriptedNode[], settings: Partial<JobSettings> = {}, questions: JobQuestions = {}): ScriptedRun {
    return new ScriptedRun(this.requestFor(nodes, settings), questions);
  }

  /** What a job on these nodes is asked for. */
  requestFor(nodes: readonly ScriptedNode[], settings: Partial<JobSettings> = {}): JobRequest {
    return {
      ...{ blend: this.blend, output: this.output, keepFrames: true, allowSleep: true, keys: [this.key] },
      nodes: nodes.map(({ server: { address } }) => ({ address, mayBeOpen: true })),
      discover: false,
      configFolder: this.path("config"),
      cacheFolder: this.path("cache"),
      ...settings,
    };
  }

  /**
   * Expects the result of an undisturbed render: each frame recorded once, byte for byte as an honest node makes it,
   * and a video in which all of them can be decoded. The frames folder may hold nothing else.
   */
  async expectFilm(frames: readonly Frame[], output = this.output): Promise<void> {
    expect(await this.storedDigests(output)).toEqual(honestDigests(frames));
    expect(await this.recordedFrames(output)).toEqual(frames);
    expect(await this.countFrames(output)).toBe(frames.length);
    const decoded = await execa("ffmpeg", ["-v", "error", "-i", output, "-f", "framemd5", "-"]);
    expect(decoded.stdout.split("\n").filter((line) => /^0,/.test(line)).length).toBe(frames.length);
  }

  /** How many frames the video has. */
  async countFrames(output = this.output): Promise<number> {
    const asks = ["-v", "error", "-count_packets", "-show_entries", "stream=nb_read_packets", "-of", "csv=p=0", output];
    return Number((await execa(process.env.FFPROBE_PATH ?? "ffprobe", asks)).stdout);
  }

  /** What its nodes found wrong with the messages they got. */
  get problems(): readonly unknown[] {
    return this.#servers.flatMap(({ problems }) => problems);
  }

  /** SHA-256 of every stored frame file; other files appear under their names. */
  async storedDigests(output = this.output): Promise<Record<string, string>> {
    const folder = `${output}.renderfarm/frames`;
    const names = (await readdir(folder).catch(() => [])).sort();
    const entries = names.map(async (name) => [name, digestOf(await readFile(join(folder, name)))] as const);
    return Object.fromEntries(await Promise.all(entries));
  }

  /** The frames in frames.ndjson, in order; a frame that was stored twice appears twice. */
  async recordedFrames(output = this.output): Promise<Frame[]> {
    const text = await readFile(`${output}.renderfarm/frames.ndjson`, "utf8").catch(() => "");
    const lines = text.split("\n").filter((line) => line !== "");
    return lines.map((line) => (JSON.parse(line) as { frame: Frame }).frame).sort((a, b) => a - b);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const server of this.#servers) await server[Symbol.asyncDispose]();
    await this.#folder[Symbol.asyncDispose]();
  }
}

/** A run of `renderJob`, with all its events. */
export class ScriptedRun {
  readonly events: FarmEvent[] = [];
  readonly drain = new AbortController();
  readonly stop = new AbortController();
  readonly result: Promise<JobResult>;
  /** Called with each event, so that a test can act in the middle of the job. */
  onEvent: (event: FarmEvent) => void = () => {};

  constructor(settings: JobRequest, questions: JobQuestions) {
    this.result = renderJob(settings, {
      ...questions,
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

  /** Frames that were stored in this run, in the order of storing. */
  get stored(): Frame[] {
    return this.all("frame:stored")
      .map(({ frame }) => frame)
      .sort((one, other) => one - other);
  }

  async completed(): Promise<CompletedJob> {
    const result = await this.result;
    if (result.type !== "completed") throw new Error(`The job was ${result.type}`);
    return result;
  }
}

/** The pictures of an honest fake node. */
function honestDigests(frames: readonly Frame[]): Record<string, string> {
  const format = { width: 32, height: 24, depth: 8, colorMode: "RGB" } as const;
  return Object.fromEntries(frames.map((frame) => [fileName(frame), digestOf(makePng(format, frame))]));
}

function fileName(frame: Frame): string {
  return `${String(frame).padStart(7, "0")}.png`;
}

export function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}
