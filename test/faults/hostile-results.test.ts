import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import type { FrameResult, FromNode } from "../../src/session/protocol.ts";
import { range, ScriptedFarm, type ScriptedNode, type ScriptedRun } from "../support/nodes/scripted-farm.ts";
import { waitFor } from "../support/wait-for.ts";

/** A bound for jobs with scripted nodes, which need almost no time. */
const boundedMs = 30_000;

/** A result that was never rendered. */
function madeUp(frame: number, attempt: number): FrameResult {
  const format = { width: 32, height: 24, depth: 8, colorMode: "RGB" } as const;
  return { frame, attempt, slot: 0, sha256: "1".repeat(64), sizeBytes: 1_000, ...format, seconds: 1, device: "CPU" };
}

/** A node that lists these results when it takes the job, and renders slowly, so that others get frames too. */
function liarHolding(farm: ScriptedFarm, results: readonly FrameResult[]): Promise<ScriptedNode> {
  const say = (message: FromNode): FromNode[] =>
    message.type === "job-opened" ? [{ ...message, results: [...message.results, ...results] }] : [message];
  return farm.start({ name: "liar", say, beforeFrame: () => delay(500) });
}

/** Waits until the scheduler has dealt with the liar's list: it gives it a frame, or bars it. */
async function untilHeard(run: ScriptedRun, liar: ScriptedNode): Promise<void> {
  const hasFrame = () => liar.node.heard.some(({ type }) => type === "frame-assign");
  await waitFor(() => hasFrame() || run.all("node:barred").length > 0, "the liar to be heard");
}

/** Interrupts a job after its first frames, so that the next run can have attempts of an earlier one. */
async function begin(farm: ScriptedFarm): Promise<void> {
  const node = await farm.start({ name: "first" });
  const run = farm.run([node], { frames: "1-8" });
  const isDrained = new Promise<void>((resolve) => run.drain.signal.addEventListener("abort", () => resolve()));
  node.node.options.beforeFrame = (frame) => (frame > 2 ? isDrained : undefined);
  run.onEvent = (event) => event.type === "frame:stored" && event.stored === 2 && run.drain.abort();
  expect(await run.result).toMatchObject({ type: "interrupted" });
  await node.server[Symbol.asyncDispose]();
}

describe("made-up results fail no frame and affect no other node:", () => {
  const huge = Number.MAX_SAFE_INTEGER;
  const lies: [what: string, results: FrameResult[]][] = [
    ["one with the largest attempt number", [madeUp(5, huge)]],
    [
      "sixty-four for every frame",
      range(1, 8).flatMap((f) => range(1, 64).map((k) => madeUp(f, 5_000_000 + f * 100 + k))),
    ],
    ["two frames with one attempt number", [madeUp(3, 5_000_000), madeUp(5, 5_000_000)]],
    ["fifty of frames outside the job", range(501, 550).map((frame) => madeUp(frame, 5_000_000 + frame))],
    [
      "sixty-four for every frame, with attempt numbers of an earlier run",
      range(1, 8).flatMap((f) => range(1, 64).map((k) => madeUp(f, 1_000 + f * 100 + k))),
    ],
    ["all frames with one attempt number of an earlier run", range(1, 8).map((frame) => madeUp(frame, 500_000))],
  ];
  test.each(lies)(
    "%s",
    async (_, results) => {
      await using farm = await ScriptedFarm.open();
      await begin(farm);
      const liar = await liarHolding(farm, results);
      const honest = await farm.start({ name: "honest" });
      const run = farm.run([liar, honest], { frames: "1-8" });
      honest.node.options.beforeFrame = () => untilHeard(run, liar);

      const { reused } = await run.completed();

      expect(reused).toBeLessThan(6);
      expect(run.all("frame:stored").length).toBe(8 - reused);
      expect(honest.node.rendered.length).toBeGreaterThan(0);
      expect(run.all("frame:failed")).toEqual([]);
      expect(run.all("node:lost").filter(({ name }) => name === "honest")).toEqual([]);
      const numbers = honest.node.heard.flatMap((message) => (message.type === "frame-assign" ? message.attempt : []));
      expect(numbers.every((attempt) => attempt > 1_000_000 && attempt < 1_000_200)).toBe(true);
      await farm.expectFilm(range(1, 8));
    },
    boundedMs,
  );
});

test.each([
  ["frames of the job", 1],
  ["frames outside the job", 501],
  ["frames of the job, with attempt numbers of an earlier run", -1],
])(
  "a node that reports %s that it was never assigned is barred",
  async (_, first) => {
    await using farm = await ScriptedFarm.open();
    await begin(farm);
    const frames = range(Math.abs(first), Math.abs(first) + 49).map((frame) =>
      first > 500 ? frame : ((frame - 1) % 8) + 1,
    );
    const lies = frames.map((frame, index) => madeUp(frame, (first < 0 ? 1_000 : 5_000_000) + index));
    const liar = await farm.start({ name: "liar" });
    let isSaid = false;
    liar.node.options.say = (message) => {
      if (message.type !== "frame-started" || isSaid) return [message];
      isSaid = true;
      return [message, ...lies.map((result): FromNode => ({ type: "frame-rendered", result }))];
    };
    const honest = await farm.start({ name: "honest" });
    const run = farm.run([liar, honest], { frames: "1-8" });
    const barred = new Promise<void>((resolve) => {
      run.onEvent = (event) => event.type === "node:barred" && resolve();
    });
    liar.node.options.beforeFrame = () => barred;
    honest.node.options.beforeFrame = () => barred;

    await run.completed();

    expect(run.all("node:barred")).toMatchObject([
      { name: "liar", reason: expect.stringContaining("frames that it was never given") },
    ]);
    expect(liar.node.heard.some((message) => message.type === "result-fetch" && message.attempt < 1_000_001)).toBe(
      false,
    );
    await farm.expectFilm(range(1, 8));
  },
  boundedMs,
);

test(
  "a frame whose result never arrives is rendered elsewhere, long before its transfer is aborted",
  async () => {
    await using farm = await ScriptedFarm.open();
    const stuck = await farm.start({ name: "stuck" });
    const honest = await farm.start({ name: "honest" });
    let kept: number | undefined;
    stuck.node.options.onMessage = (message) => {
      if (message.type !== "result-fetch") return false;
      kept ??= message.frame;
      return message.frame === kept;
    };
    const heartbeats = setInterval(() => void stuck.node.conversation?.send({ type: "heartbeat" }), 1_000);
    const run = farm.run([stuck, honest], { frames: "1-8" });
    honest.node.options.beforeFrame = () => delay(50);

    await run.completed();

    clearInterval(heartbeats);
    expect(kept).toBeDefined();
    expect(honest.node.rendered).toContain(kept);
    expect(run.all("frame:requeued")).toEqual([]);
    await farm.expectFilm(range(1, 8));
  },
  boundedMs,
);

test(
  "only a few results of a node are fetched at a time, however many wait",
  async () => {
    await using farm = await ScriptedFarm.open();
    const node = await farm.start({ name: "quick" });
    const asked = new Set<number>();
    let most = 0;
    let areAllRendered = () => {};
    const allRendered = new Promise<void>((resolve) => {
      areAllRendered = resolve;
    });
    node.node.options.onMessage = (message, conversation) => {
      if (message.type !== "result-fetch") return false;
      asked.add(message.transfer);
      most = Math.max(most, asked.size);
      void allRendered.then(() => conversation.giveResult(message));
      return true;
    };
    node.node.options.say = (message) => {
      if (message.type === "result-end") asked.delete(message.transfer);
      // The 50 ms leave time for a fifth fetch, which must not start.
      if (message.type === "frame-rendered" && message.result.frame === 40) setTimeout(areAllRendered, 50);
      return [message];
    };

    await farm.run([node], { frames: "1-40" }).completed();

    expect(most).toBe(4);
    await farm.expectFilm(range(1, 40));
  },
  boundedMs,
);

describe("a node that starts none of its frames", () => {
  const fullSlot = (message: FromNode): FromNode[] => {
    if (message.type !== "frame-started") return message.type.startsWith("frame-") ? [] : [message];
    const { frame, attempt, slot } = message;
    const error = { code: "SLOT_FULL", message: "no room", hint: "", log: [] as string[] } as const;
    return [{ type: "frame-failed", frame, attempt, slot, error }];
  };

  test(
    "makes the job fail with the reason if it is the only one",
    async () => {
      await using farm = await ScriptedFarm.open();
      const run = farm.run([await farm.start({ name: "full", say: fullSlot })], { frames: "1-8" });
      await expect(run.result).rejects.toMatchObject({
        code: "FARM_NODE_EXCLUDED",
        message: "Cannot render on full: it gave back 10 frames in a row without starting them",
      });
      expect(run.all("frame:failed")).toEqual([]);
    },
    boundedMs,
  );

  test(
    "is excluded if there are others",
    async () => {
      await using farm = await ScriptedFarm.open();
      const full = await farm.start({ name: "full", say: fullSlot });
      const honest = await farm.start({ name: "honest" });
      const run = farm.run([full, honest], { frames: "1-8" });
      const excluded = new Promise<void>((resolve) => {
        run.onEvent = (event) => event.type === "node:excluded" && resolve();
      });
      honest.node.options.beforeFrame = () => excluded;
      await run.completed();
      expect(run.all("node:excluded")).toMatchObject([{ name: "full", code: "FARM_NODE_EXCLUDED" }]);
      await farm.expectFilm(range(1, 8));
    },
    boundedMs,
  );
});

test(
  "frames that crash every slot fail, and those that waited behind them are rendered",
  async () => {
    await using farm = await ScriptedFarm.open();
    const crashes = (frame: number) => (frame <= 12 ? { code: "CRASHED" as const, message: "SIGSEGV" } : undefined);
    const nodes = [await farm.start({ fails: crashes }), await farm.start({ fails: crashes })];
    const run = farm.run(nodes, { frames: "1-24" });
    await expect(run.result).rejects.toMatchObject({
      code: "FARM_FRAMES_FAILED",
      message: expect.stringContaining("12 frames failed (CRASHED): 1-12"),
    });
    expect(run.all("frame:failed").map(({ code }) => code)).toEqual(Array(12).fill("CRASHED"));
    expect(run.all("frame:stored").length).toBe(12);
  },
  boundedMs,
);
