import { expect, test } from "vitest";
import type { AttemptRecord } from "../../../src/frames/attempt-record.ts";
import type { JobReport } from "../../../src/index.ts";
import { attempt, line, nodeLine, reportOn } from "../../support/job-reports.ts";

/** A node from `job:started` at 0 until it can render: found at 1, upload until 3, loaded at 7. */
const joined = (name: string, slots = 1) => [
  nodeLine(1, "node:found", name, { slots }),
  nodeLine(1, "node:uploading", name, { haveBytes: 1, sizeBytes: 9 }),
  nodeLine(3, "node:uploading", name, { haveBytes: 9, sizeBytes: 9 }),
  nodeLine(7, "node:joined", name),
];

const started = (seconds = 0, run = 1) => [line(seconds, "job:started"), line(seconds, "run:started", { run })];
const scene = (seconds: number, frames: number) => line(seconds, "scene:read", { frames });
const stored = (seconds: number, frame: number, of: string) => {
  const [count, total] = of.split("/").map(Number);
  return nodeLine(seconds, "frame:stored", "a", { frame, stored: count, total });
};

/** A stored frame, with the times of its start, of its end on the node, and when it was stored. */
function frame(number: number, name: string, [start, end, over]: readonly [number, number, number], slot = 0) {
  return attempt(number, name, { start, end, over, slot });
}

type Folder = { readonly log: readonly (readonly object[] | object)[]; readonly attempts?: readonly AttemptRecord[] };

/** Sorts the lines of the log by time. */
async function report({ log, attempts = [] }: Folder): Promise<JobReport> {
  const lines = (log.flat(2) as { ms: number }[]).toSorted((a, b) => a.ms - b.ms);
  return await reportOn({ log: lines, attempts });
}

async function timeOf(folder: Folder): Promise<NonNullable<JobReport["time"]>> {
  const { time } = await report(folder);
  if (!time) throw new Error("The report has no time");
  return time;
}

async function timesByNode(folder: Folder): Promise<Record<string, unknown>> {
  return Object.fromEntries((await report(folder)).nodes.map(({ name, time }) => [name, time]));
}

const nothing = { render: 0, wasted: 0, upload: 0, load: 0, wait: 0, busy: 0, away: 0 };

test("upload, load, render, transfer, wait and encode are separate, for slots that did not start together", async () => {
  const time = await timeOf({
    log: [started(), joined("a", 2), scene(7, 3), stored(32, 3, "3/3"), line(40, "job:completed")],
    attempts: [
      ...[frame(1, "a", [7, 17, 18]), frame(2, "a", [17, 27, 30])],
      frame(3, "a", [11, 31, 32], 1), // this slot takes longer to load
    ],
  });
  expect(time).toMatchObject({ wall: 40, transfer: 5, encode: 8 });
  // Slot 0 renders for 20 s and waits for slot 1, which renders as long after loading for 4 s more.
  expect(time.slots).toEqual({ ...nothing, slots: 2, upload: 4, load: 12, render: 40, wait: 6 });
  expect(time.efficiency).toBeCloseTo(40 / 62);
});

test("time before the frames are known, for a question or the check of old frames, does not count as loading", async () => {
  const { slots } = await timeOf({
    log: [started(), joined("a"), scene(60, 2), line(90, "job:resumed", { stored: 1 }), stored(102, 2, "2/2")],
    attempts: [frame(2, "a", [92, 102, 102])],
  });
  expect(slots).toEqual({ ...nothing, slots: 1, upload: 2, load: 6, wait: 83, render: 10 });
});

test("twenty minutes in which a node is busy with another job count neither as upload nor for efficiency", async () => {
  const time = await timeOf({
    log: [
      ...[started(), nodeLine(1, "node:found", "a"), nodeLine(1, "node:busy", "a", { holder: "them" })],
      nodeLine(1201, "node:uploading", "a", { haveBytes: 9, sizeBytes: 9 }),
      ...[nodeLine(1205, "node:joined", "a"), scene(1205, 1), stored(1215, 1, "1/1")],
    ],
    attempts: [frame(1, "a", [1205, 1215, 1215])],
  });
  expect(time.slots).toEqual({ ...nothing, slots: 1, busy: 1200, load: 4, render: 10 });
  expect(time.efficiency).toBeCloseTo(10 / 14);
});

test("a frame that FFmpeg refuses and that is rendered again counts like any other", async () => {
  const refused = frame(2, "a", [17, 27, 27]);
  const { slots, encode } = await timeOf({
    log: [
      ...[started(), joined("a"), scene(7, 2), stored(27, 2, "2/2")],
      nodeLine(30, "frame:refused", "a", { frame: 2, message: "odd", file: "/refused/2" }),
      ...[stored(41, 2, "2/2"), line(50, "job:completed")],
    ],
    attempts: [
      ...[frame(1, "a", [7, 17, 17]), refused, { ...refused, outcome: "failed" as const }],
      frame(2, "a", [31, 41, 41]),
    ],
  });
  expect(slots).toMatchObject({ render: 20, wasted: 10, wait: 1 });
  expect(encode).toBe(3 + 9);
});

test("failed attempts, refused results and lost races are wasted time", async () => {
  const { slots } = await timeOf({
    log: [started(), joined("a"), joined("b"), scene(7, 2), stored(40, 2, "2/2")],
    attempts: [
      attempt(1, "a", { start: 7, over: 12, outcome: "failed" }),
      attempt(1, "a", { start: 12, end: 20, over: 22, outcome: "failed" }), // a bad result
      frame(1, "a", [22, 32, 32]),
      attempt(2, "a", { start: 32, over: 40, outcome: "dropped" }), // the other node was faster
      frame(2, "b", [7, 40, 40]),
    ],
  });
  expect(slots).toMatchObject({ render: 43, wasted: 5 + 8 + 8, wait: 2 });
});

test("a lost slot loads again; a slot that does not come back is away, and so is a lost node", async () => {
  const crash = (number: number, slot: number) => attempt(number, "a", { start: 7, over: 9, slot, outcome: "failed" });
  const { a, b } = await timesByNode({
    log: [
      ...[started(), joined("a", 2), joined("b"), scene(7, 2)],
      ...[nodeLine(17, "node:lost", "b"), nodeLine(47, "node:joined", "b"), stored(57, 2, "2/2")],
    ],
    attempts: [
      ...[crash(1, 0), crash(2, 1), frame(1, "a", [15, 25, 25])], // slot 0 was back after 6 s
      frame(2, "b", [47, 57, 57]),
    ],
  });
  expect(a).toEqual({ ...nothing, slots: 2, upload: 4, load: 8 + 6, wasted: 4, render: 10, away: 48, wait: 32 });
  expect(b).toEqual({ ...nothing, slots: 1, upload: 2, load: 4, wait: 10, away: 30, render: 10 });
});

test("rendering without a link counts as render time, but as wasted if the frame was rendered elsewhere", async () => {
  const start = [started(), joined("a"), scene(7, 1), nodeLine(10, "node:lost", "a")];
  const lost = attempt(1, "a", { start: 7, over: 10, outcome: "lost" });
  const wentOn = { ...frame(1, "a", [20, 30, 31]), attempt: lost.attempt };
  const survived = [start, nodeLine(20, "node:joined", "a"), stored(31, 1, "1/1")];
  expect((await timeOf({ log: survived, attempts: [lost, wentOn] })).slots).toEqual({
    ...{ ...nothing, slots: 1, upload: 2, load: 4, render: 23, wait: 1 },
  });

  const elsewhere = [start, joined("b"), stored(21, 1, "1/1")];
  const { a } = await timesByNode({ log: elsewhere, attempts: [lost, frame(1, "b", [11, 21, 21])] });
  expect(a).toMatchObject({ render: 0, wasted: 3, away: 11 });
});

test("the pause between a killed run and the next one does not count", async () => {
  const time = await timeOf({
    log: [
      ...[started(), joined("a", 2), scene(7, 2), nodeLine(18, "warning", "a")], // the last line that it wrote
      ...[started(30_000, 2), nodeLine(30_001, "node:found", "a", { slots: 2 }), nodeLine(30_001, "node:joined", "a")],
      ...[scene(30_001, 2), stored(30_005, 2, "2/2"), line(30_006, "job:completed")],
    ],
    attempts: [
      attempt(1, "a", { start: null, end: 30_001, over: 30_002, run: 2 }), // held since then
      attempt(2, "a", { start: 30_001, end: 30_004, over: 30_005, slot: 1, run: 2 }),
    ],
  });
  expect(time).toMatchObject({ wall: 24, transfer: 2, encode: 1 });
  expect(time.slots).toMatchObject({ render: 3, wasted: 0 });
});

test("if a damaged frame is rendered again, its first render was wasted", async () => {
  const run = (number: number) => [
    started(number * 100, number),
    nodeLine(number * 100, "node:found", "a"),
    nodeLine(number * 100, "node:joined", "a"),
    ...[scene(number * 100, 1), stored(number * 100 + 10, 1, "1/1"), line(number * 100 + 11, "job:failed")],
  ];
  const once = (number: number) =>
    attempt(1, "a", { start: number * 100, end: number * 100 + 10, over: number * 100 + 10, run: number });
  const { slots } = await timeOf({ log: [...run(1), ...run(2)], attempts: [once(1), once(2)] });
  expect(slots).toMatchObject({ render: 10, wasted: 10 });
});

test("encoding is the time after the last frame, also if no frame was missing, but not if frames failed", async () => {
  const failed = await timeOf({
    log: [started(), joined("a"), scene(7, 2), stored(17, 1, "1/2"), line(31, "job:failed")],
    attempts: [frame(1, "a", [7, 17, 17]), attempt(2, "a", { start: 17, over: 31, outcome: "failed" })],
  });
  expect(failed).toMatchObject({ wall: 31, encode: 0 });
  expect(failed.slots).toMatchObject({ render: 10, wasted: 14 });

  const encoded = [started(), scene(1, 5), line(2, "job:resumed", { stored: 5 }), line(62, "job:completed")];
  expect(await timeOf({ log: encoded })).toMatchObject({ wall: 62, encode: 60, efficiency: null });
  // The same command again finds everything done: the time of the first one is still reported.
  const again = [line(100, "job:started"), line(101, "job:completed")];
  expect(await timeOf({ log: [...encoded, ...again] })).toMatchObject({ wall: 63, encode: 60 });
});

test("a barred or excluded node is away from then on, and a forgiven one waits", async () => {
  const { a, b } = await timesByNode({
    log: [
      ...[started(), joined("a"), joined("b"), joined("c"), scene(7, 1)],
      ...[nodeLine(17, "node:barred", "a"), nodeLine(27, "node:forgiven", "a")],
      line(12, "node:excluded", { name: "b", code: "FARM_NODE_EXCLUDED" }),
      stored(37, 1, "1/1"),
    ],
    attempts: [frame(1, "c", [7, 37, 37])],
  });
  expect(a).toEqual({ ...nothing, slots: 1, upload: 2, load: 4, away: 10, wait: 20 });
  expect(b).toEqual({ ...nothing, slots: 1, upload: 2, load: 4, away: 25, wait: 5 });
});

test("a clock that jumps during a run does not matter", async () => {
  const folder = {
    log: [started(), joined("a"), scene(7, 2), stored(27, 2, "2/2"), line(28, "job:completed")].flat(),
    attempts: [frame(1, "a", [7, 17, 17]), frame(2, "a", [17, 27, 27])],
  };
  const undisturbed = await timeOf(folder);
  const day = 86_400_000;
  for (const byMs of [-day, day]) {
    const log = (folder.log as { time: number }[]).map((made, index) =>
      index < 6 ? made : { ...made, time: made.time + byMs },
    );
    expect(await timeOf({ ...folder, log })).toEqual(undisturbed);
  }
});

test("a nonsensical log still gives a report", async () => {
  const odd = [
    ...[line(0, "frame:stored", { frame: 1 }), line(1, "job:started"), line(1, "run:started", { run: "x" })],
    ...[line(2, "node:found", { slots: 1e9 }), line(3, "node:found", { node: 7, name: {}, slots: "many" })],
    ...[line(4, "node:joined", { node: null }), nodeLine(6, "node:found", "a"), line(7, "frame:failed")],
    ...[nodeLine(9, "frame:stored", "a", { frame: 2 }), line(10, "job:resumed"), line(11, "warning", { message: 5 })],
    line(Number.NaN, "job:started"),
  ];
  const never = attempt(1, "never found", { start: 9, end: 3, over: 1, slot: 99 });
  const { slots, wall } = await timeOf({ log: odd, attempts: [never] });
  expect(wall).toBe(10);
  for (const seconds of Object.values(slots)) expect(seconds).toBeGreaterThanOrEqual(0);
});
