import { describe, expect, test } from "vitest";
import { LineBudget } from "../../../src/cli/reporters/line-budget.ts";
import type { FarmEvent } from "../../../src/index.ts";

const node = { node: "ab".repeat(16), name: "attic" };
const other = { node: "cd".repeat(16), name: "desk" };
const hour = 3_600_000;

function make() {
  const clock = { nowMs: 0 };
  const budget = new LineBudget(() => clock.nowMs);
  let [told, characters] = [0, 0];
  const dropped: FarmEvent[] = [];
  const tell = (event: FarmEvent) => {
    for (const allowed of budget.spend(event)) {
      if (allowed !== event) dropped.push(allowed);
      told += 1;
      characters += JSON.stringify(allowed).length;
    }
  };
  return { clock, tell, dropped, told: () => told, megabytes: () => characters / 1e6 };
}

describe("everything is told of an honest node", () => {
  test("with 64 slots and frames of a tenth of a second, which we store later than it renders", () => {
    const { clock, tell, dropped, told } = make();
    const frames = 64 * 10 * 600; // ten minutes
    const lead = 4_096; // as many results as a node lets wait
    for (let frame = 1; frame <= frames + lead; frame++) {
      if (frame <= frames) {
        tell({ type: "frame:started", ...node, frame, slot: frame % 64 });
        tell({ type: "frame:progressed", ...node, frame, slot: frame % 64, fraction: 0.5 });
        tell({ type: "frame:rendered", ...node, frame, seconds: 0.1 });
      }
      if (frame > lead) {
        const stored = frame - lead;
        tell({ type: "frame:stored", ...node, frame: stored, seconds: 0.1, stored, total: frames });
      }
      clock.nowMs += 100 / 64;
    }
    expect(dropped).toEqual([]);
    expect(told()).toBe(4 * frames);
  });

  test("whose link breaks twice a minute for a day before it has stored anything", () => {
    const { clock, tell, dropped } = make();
    for (; clock.nowMs < 24 * hour; clock.nowMs += 30_000) {
      tell({ type: "node:joined", ...node, blender: "4.3.2" });
      for (let frame = 1; frame <= 64; frame++) {
        tell({ type: "frame:started", ...node, frame, slot: frame });
        tell({ type: "frame:requeued", ...node, frame, code: null, reason: "its node was lost" });
      }
      tell({ type: "node:lost", ...node, message: "no sign of life" });
    }
    expect(dropped).toEqual([]);
  });
});

test("a node that never stores a frame fills a log with 100 MB a day at the most, and says so in a few lines", () => {
  const { clock, tell, dropped, megabytes } = make();
  const reason = "x".repeat(4_096);
  for (; clock.nowMs < 24 * hour; clock.nowMs += 100) {
    for (let time = 0; time < 2; time++) tell({ type: "frame:requeued", ...node, frame: 1, code: null, reason });
    if (clock.nowMs % 60_000 === 0) tell({ type: "node:lost", ...node, message: "gone" });
  }
  expect(megabytes()).toBeLessThan(100);
  expect(dropped.slice(0, 3)).toEqual([
    ...[1, 10, 100].map((count) => ({
      ...{ type: "warning", code: "LINES_DROPPED", name: "attic" },
      message: `${count === 1 ? "1 line" : `${count} lines`} dropped so far: there are more than a log can hold`,
    })),
  ]);
  expect(dropped.length).toBeLessThan(10);
});

test("what one node says costs another one nothing, nor the job's own lines", () => {
  const { tell, told } = make();
  for (let time = 0; time < 100_000; time++)
    tell({ type: "frame:requeued", ...node, frame: 1, code: null, reason: "no" });
  const before = told();
  tell({ type: "frame:requeued", ...other, frame: 1, code: null, reason: "no" });
  tell({ type: "job:waiting", missing: 1 });
  tell({ type: "frame:failed", frame: 1, code: "CRASHED", message: "", hint: "" });
  expect(told() - before).toBe(3);
});

test("frames that fail in long words are told of, a hundred thousand of them and no more than a log can hold", () => {
  const { tell, dropped, megabytes } = make();
  const failed = { type: "frame:failed", code: "CRASHED", message: "x".repeat(100), hint: "y".repeat(100) } as const;
  for (let frame = 0; frame < 100_000; frame++) tell({ ...failed, frame });
  expect(dropped).toEqual([]);
  for (let frame = 0; frame < 20_000; frame++) tell({ ...failed, frame, message: "x".repeat(4_096) });
  expect(megabytes()).toBeLessThan(60);
  expect(dropped[0]).toMatchObject({ message: expect.stringMatching(/^1 line about failed frames dropped/) });
});

test("however many strangers there are, the lines about them are few, and leave those of nodes alone", () => {
  const { clock, tell, dropped, megabytes, told } = make();
  for (let stranger = 0; stranger < 100_000; stranger++) {
    const about = { name: `stranger ${stranger}`, message: "Cannot reach a node at 10.0.0.9:7447", hint: "Look" };
    tell({ type: "node:unreachable", ...about });
    tell({ type: "node:excluded", ...about, code: "FARM_KEY_UNUSABLE" });
    clock.nowMs += 36; // all in an hour
  }
  expect(megabytes()).toBeLessThan(1);
  expect(dropped.at(-1)).toMatchObject({
    message: expect.stringMatching(/^100000 lines about nodes that take no/),
    name: null,
  });
  const before = told();
  tell({ type: "node:joined", ...node, blender: "4.3.2" });
  expect(told() - before).toBe(1);
});
