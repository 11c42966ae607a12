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

describe("all events of an honest node are written", () => {
  test("with 64 slots and frames of a tenth of a second, stored later than they are rendered", () => {
    const { clock, tell, dropped, told } = make();
    const frames = 64 * 10 * 600; // ten minutes
    const lead = 4_096; // as many results as a node can hold
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

  test("whose link breaks twice a minute for a day before its first stored frame", () => {
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

test("a node that never stores a frame adds at most 100 MB a day to a log, and a few lines report the dropped ones", () => {
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

test("one node's lines use up neither another node's budget nor the job's", () => {
  const { tell, told } = make();
  for (let time = 0; time < 100_000; time++)
    tell({ type: "frame:requeued", ...node, frame: 1, code: null, reason: "no" });
  const before = told();
  tell({ type: "frame:requeued", ...other, frame: 1, code: null, reason: "no" });
  tell({ type: "job:waiting", missing: 1 });
  tell({ type: "frame:failed", frame: 1, code: "CRASHED", message: "", hint: "" });
  expect(told() - before).toBe(3);
});

test("a hundred thousand failed frames are written, but not more text than a log can hold", () => {
  const { tell, dropped, megabytes } = make();
  const failed = { type: "frame:failed", code: "CRASHED", message: "x".repeat(100), hint: "y".repeat(100) } as const;
  for (let frame = 0; frame < 100_000; frame++) tell({ ...failed, frame });
  expect(dropped).toEqual([]);
  for (let frame = 0; frame < 20_000; frame++) tell({ ...failed, frame, message: "x".repeat(4_096) });
  expect(megabytes()).toBeLessThan(60);
  expect(dropped[0]).toMatchObject({ message: expect.stringMatching(/^1 line about failed frames dropped/) });
});

test("the end of an alarm is passed on if the alarm was, whatever else was dropped", () => {
  const { tell, told } = make();
  const about = (name: string) => ({ name, message: "Cannot reach it" });
  tell({ type: "node:unreachable", ...about("attic"), hint: "" });
  for (let other = 0; other < 100_000; other++) tell({ type: "node:unreachable", ...about(`no ${other}`), hint: "" });
  const before = told();
  tell({ type: "alarm:ended", ...about("attic"), was: "unreachable" });
  expect(told() - before).toBe(1);
  tell({ type: "alarm:ended", ...about("no 99999"), was: "unreachable" });
  expect(told() - before).toBe(1);
});

test("lines about unusable nodes are limited, and do not affect those about nodes in the job", () => {
  const { clock, tell, dropped, megabytes, told } = make();
  for (let unusable = 0; unusable < 100_000; unusable++) {
    const about = { name: `unusable ${unusable}`, message: "Cannot reach a node at 10.0.0.9:7447", hint: "Look" };
    tell({ type: "node:unreachable", ...about });
    tell({ type: "node:excluded", ...about, code: "FARM_KEY_UNUSABLE" });
    tell({ type: "alarm:ended", name: about.name, message: about.message, was: "unreachable" });
    clock.nowMs += 36; // all within an hour
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
