import { readFile } from "node:fs/promises";
import { afterEach, expect, test, vi } from "vitest";
import { range, ScriptedFarm } from "../support/nodes/scripted-farm.ts";
import { waitFor } from "../support/wait-for.ts";

const hour = 3_600_000;

/** Added to the monotonic clock when the test lets time pass. */
let passedMs = 0;

vi.mock("../../src/core/clock.ts", async (original) => {
  const { systemClock } = await original<typeof import("../../src/core/clock.ts")>();
  return { systemClock: { ...systemClock, monotonicMs: () => systemClock.monotonicMs() + passedMs } };
});

afterEach(() => {
  passedMs = 0;
  vi.restoreAllMocks();
});

test.each([
  ["back a day", -24 * hour],
  ["on a year", 365 * 24 * hour],
])("the system clock jumps %s during a job: no frame is requeued, and no node is lost or barred", async (_, jumpMs) => {
  await using farm = await ScriptedFarm.open();
  const node = await farm.start();
  const now = Date.now;
  node.node.options.beforeFrame = (frame) => {
    if (frame === 4) vi.spyOn(Date, "now").mockImplementation(() => now() + jumpMs);
  };
  const run = farm.run([node], { frames: "1-8" });
  const result = await run.completed();
  expect(result.seconds).toBeLessThan(60);
  for (const type of ["node:lost", "frame:requeued", "node:barred"] as const) expect(run.all(type)).toEqual([]);
  await farm.expectFilm(range(1, 8));
});

test("a slot without progress is ended, and its frame is rendered elsewhere", async () => {
  await using farm = await ScriptedFarm.open();
  const endless = await farm.start({ name: "endless" });
  const honest = await farm.start({ name: "honest" });
  let stuck: number | undefined;
  endless.node.options.beforeFrame = (frame) => {
    stuck ??= frame;
    return frame === stuck ? new Promise(() => {}) : undefined;
  };
  // The other node renders a long frame and reports progress.
  const release: (() => void)[] = [];
  honest.node.options.beforeFrame = async (frame, attempt) => {
    if (release.length > 0) return;
    await new Promise<void>((resolve) => {
      release.push(resolve);
      const getOn = setInterval(() => {
        void honest.node.conversation?.send({
          ...{ type: "frame-progress", frame, attempt, slot: 0, steps: 2, fraction: null },
        });
      }, 100);
      void waitFor(() => passedMs >= hour, "an hour to pass").finally(() => {
        clearInterval(getOn);
        resolve();
      });
    });
  };
  const run = farm.run([endless, honest], { frames: "1-8" });
  // Half a minute passes twenty times in a second, for an hour in all.
  const timer = setInterval(() => {
    if (stuck !== undefined && passedMs < hour) passedMs += hour / 100;
  }, 50);
  try {
    expect(await run.completed()).toMatchObject({ frames: 8 });
  } finally {
    clearInterval(timer);
  }
  expect(endless.node.heard).toContainEqual(expect.objectContaining({ type: "frame-cancel", frame: stuck }));
  // The long frame was not ended, however long it took.
  const timedOut = run.all("frame:requeued").filter(({ code }) => code === "TIMED_OUT");
  expect(timedOut).toMatchObject([{ name: "endless", frame: stuck }]);
  await farm.expectFilm(range(1, 8));
});

test("if the only node never finishes a frame, the job fails with the cause after a few attempts", async () => {
  await using farm = await ScriptedFarm.open();
  const node = await farm.start();
  node.node.options.beforeFrame = (frame) => (frame === 2 ? new Promise(() => {}) : undefined);
  const run = farm.run([node], { frames: "1-4" });
  const timer = setInterval(() => {
    passedMs += hour / 4;
  }, 300);
  try {
    await expect(run.result).rejects.toMatchObject({ code: "FARM_FRAMES_FAILED", exitCode: 4 });
  } finally {
    clearInterval(timer);
  }
  expect(run.all("frame:failed")).toMatchObject([{ frame: 2, code: "TIMED_OUT" }]);
  expect(run.all("frame:started").filter(({ frame }) => frame === 2).length).toBeLessThanOrEqual(3);
  expect(await readFile(`${farm.output}.renderfarm/frames.ndjson`, "utf8")).toMatch(/"frame":4/);
});
