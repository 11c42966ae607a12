import { expect, test } from "vitest";
import type { JobReport } from "../../../src/index.ts";
import { line, nodeLine, reportOn } from "../../support/job-reports.ts";

/** From `job:started` at 0 to the moment a node renders: found at 1, uploaded until 3, loaded at 7. */
const joined = (name: string, slots = 1) => [
  nodeLine(1, "node:found", name, { slots }),
  nodeLine(1, "node:uploading", name, { haveBytes: 1, sizeBytes: 9 }),
  nodeLine(3, "node:uploading", name, { haveBytes: 9, sizeBytes: 9 }),
  nodeLine(7, "node:joined", name),
];

const scene = (seconds: number, frames: number) => line(seconds, "scene:read", { frames });

/** The life of a frame; `at` are the moments of its start, its end on the node, and its being stored. */
function frame(number: number, name: string, at: readonly [number, number, number], of: string, slot = 0): object[] {
  const [stored, total] = of.split("/").map(Number);
  const [start, end, kept] = at;
  return [
    nodeLine(start, "frame:started", name, { frame: number, slot }),
    nodeLine(end, "frame:rendered", name, { frame: number, seconds: end - start }),
    nodeLine(kept, "frame:stored", name, { frame: number, stored, total }),
  ];
}

function sorted(...lines: readonly (readonly object[] | object)[]): object[] {
  return (lines.flat() as { time: number }[]).sort((a, b) => a.time - b.time);
}

async function timeOf(log: readonly object[]): Promise<NonNullable<JobReport["time"]>> {
  const { time } = await reportOn({ log });
  if (!time) throw new Error("The report has no time");
  return time;
}

const nothing = { render: 0, wasted: 0, upload: 0, load: 0, wait: 0, busy: 0, away: 0 };

test("upload, load, render, transfer, wait and encode are told apart, of slots that did not begin together", async () => {
  const log = sorted(
    line(0, "job:started"),
    ...[joined("a", 2), scene(7, 3)],
    frame(1, "a", [7, 17, 18], "1/3"),
    frame(2, "a", [17, 27, 30], "2/3"),
    frame(3, "a", [11, 31, 32], "3/3", 1), // this slot loads longer
    line(40, "job:completed"),
  );
  const time = await timeOf(log);
  expect(time).toMatchObject({ wall: 40, transfer: 5, encode: 8 });
  // Slot 0 renders twenty seconds and waits for the other; slot 1 renders as long, after four seconds more to load.
  expect(time.slots).toEqual({ ...nothing, slots: 2, upload: 4, load: 12, render: 40, wait: 6 });
  expect(time.efficiency).toBeCloseTo(40 / 62);
});

test("what comes before anybody knows what to render, a question or the proof of old frames, is no loading", async () => {
  const log = sorted(
    line(0, "job:started"),
    ...[joined("a"), scene(60, 2), line(60, "job:checking", { frames: 1 }), line(90, "job:resumed", { stored: 1 })],
    ...[frame(2, "a", [92, 102, 102], "2/2"), line(103, "job:completed")],
  );
  expect((await timeOf(log)).slots).toEqual({ ...nothing, slots: 1, upload: 2, load: 6, wait: 83, render: 10 });
});

test("a node that is busy with somebody else's job for twenty minutes neither uploads nor counts", async () => {
  const log = sorted(
    ...[line(0, "job:started"), nodeLine(1, "node:found", "a"), nodeLine(1, "node:busy", "a", { holder: "them" })],
    nodeLine(1201, "node:uploading", "a", { haveBytes: 9, sizeBytes: 9 }),
    ...[nodeLine(1205, "node:joined", "a"), scene(1205, 1), frame(1, "a", [1205, 1215, 1215], "1/1")],
    line(1216, "job:completed"),
  );
  const time = await timeOf(log);
  expect(time.slots).toEqual({ ...nothing, slots: 1, busy: 1200, load: 4, render: 10 });
  expect(time.efficiency).toBeCloseTo(10 / 14);
});

test("a frame that FFmpeg refuses at the end, and that is rendered again, counts like any other", async () => {
  const log = sorted(
    line(0, "job:started"),
    ...[joined("a"), scene(7, 2)],
    ...[frame(1, "a", [7, 17, 17], "1/2"), frame(2, "a", [17, 27, 27], "2/2")],
    nodeLine(30, "frame:refused", "a", { frame: 2, message: "odd", file: "/refused/2" }),
    ...[frame(2, "a", [31, 41, 41], "2/2"), line(50, "job:completed")],
  );
  const { slots, encode } = await timeOf(log);
  expect(slots).toMatchObject({ render: 20, wasted: 10, wait: 1 + 0 });
  expect(encode).toBe(3 + 9);
});

test("attempts that failed, results that were refused, and races that were lost are wasted", async () => {
  const requeued = (seconds: number, name: string, number: number, reason = "RENDER_FAILED: no") =>
    nodeLine(seconds, "frame:requeued", name, { frame: number, reason });
  const log = sorted(
    ...[line(0, "job:started"), joined("a"), joined("b"), scene(7, 2)],
    nodeLine(7, "frame:started", "a", { frame: 1, slot: 0 }),
    requeued(12, "a", 1), // failed after 5 seconds
    ...frame(1, "a", [12, 20, 20], "0/2").slice(0, 2),
    requeued(22, "a", 1, "HASH_MISMATCH: other bytes"), // 8 seconds for a bad result
    ...[frame(1, "a", [22, 32, 32], "1/2"), nodeLine(32, "frame:started", "a", { frame: 2, slot: 0 })],
    frame(2, "b", [7, 40, 40], "2/2"), // faster than the other by any time: 8 more seconds
    line(41, "job:completed"),
  );
  const { slots } = await timeOf(log);
  expect(slots).toMatchObject({ render: 43, wasted: 5 + 8 + 8, wait: 2 });
});

test.each(["CRASHED: Blender ended by itself", "NO_DENOISER: Error: Build without OpenImageDenoiser"])(
  "a slot that is lost loads again; one that does not come back is away, and so is a lost node (%s)",
  async (reason) => {
    const crash = (seconds: number, slot: number, number: number) => [
      nodeLine(seconds - 2, "frame:started", "a", { frame: number, slot }),
      nodeLine(seconds, "frame:requeued", "a", { frame: number, reason }),
    ];
    const log = sorted(
      ...[line(0, "job:started"), joined("a", 2), joined("b"), scene(7, 2)],
      ...[crash(9, 0, 1), crash(9, 1, 2), frame(1, "a", [15, 25, 25], "1/2")], // slot 0 was back after 6 seconds
      ...[nodeLine(17, "node:lost", "b"), nodeLine(47, "node:joined", "b")],
      ...[frame(2, "b", [47, 57, 57], "2/2"), line(57, "job:completed")],
    );
    const { nodes } = await reportOn({ log });
    const [a, b] = ["a", "b"].map((name) => nodes.find((node) => node.name === name)?.time);
    expect(a).toEqual({ ...nothing, slots: 2, upload: 4, load: 8 + 6, wasted: 4, render: 10, away: 48, wait: 32 });
    expect(b).toEqual({ ...nothing, slots: 1, upload: 2, load: 4 + 10, away: 30, render: 10 });
  },
);

test("a node that goes on rendering while its link is lost has rendered; nobody has when its frame went elsewhere", async () => {
  const lost = nodeLine(10, "node:lost", "a");
  const requeued = nodeLine(10, "frame:requeued", "a", { frame: 1, reason: "its node was lost" });
  const start = [line(0, "job:started"), joined("a"), scene(7, 1), lost, requeued];
  const whole = frame(1, "a", [7, 30, 31], "1/1");
  const survived = sorted(...start, ...whole, nodeLine(20, "node:joined", "a"), line(31, "job:completed"));
  expect((await timeOf(survived)).slots).toEqual({ ...nothing, slots: 1, upload: 2, load: 4, render: 23, wait: 1 });

  const elsewhere = sorted(
    ...[...start, nodeLine(7, "frame:started", "a", { frame: 1, slot: 0 }), joined("b")],
    ...[frame(1, "b", [11, 21, 21], "1/1"), line(21, "job:completed")],
  );
  const { nodes } = await reportOn({ log: elsewhere });
  expect(nodes.find(({ name }) => name === "a")?.time).toMatchObject({ render: 0, wasted: 3, away: 11 });
});

test("a coordinator is killed: what its nodes finish for the next one was rendered, and the pause is nobody's time", async () => {
  const log = sorted(
    ...[line(0, "job:started"), joined("a", 2), scene(7, 2)],
    ...[frame(1, "a", [7, 17, 30_010], "1/2").slice(0, 2), nodeLine(8, "frame:started", "a", { frame: 2, slot: 1 })],
    nodeLine(18, "warning", "a"), // the last that it wrote
    ...[line(30_000, "job:started"), nodeLine(30_001, "node:found", "a", { slots: 2 })],
    ...[nodeLine(30_001, "node:joined", "a"), scene(30_001, 2)],
    nodeLine(30_002, "frame:stored", "a", { frame: 1, stored: 1, total: 2 }), // held since then
    nodeLine(30_004, "frame:rendered", "a", { frame: 2, seconds: 13 }), // ran on all the time
    nodeLine(30_005, "frame:stored", "a", { frame: 2, stored: 2, total: 2 }),
    line(30_006, "job:completed"),
  );
  const time = await timeOf(log);
  expect(time).toMatchObject({ wall: 24, transfer: 2, encode: 1 });
  expect(time.slots).toMatchObject({ render: 10 + 10 + 3, wasted: 0 });
});

test("a frame that is rendered once more, because it was damaged, was wasted the first time", async () => {
  const run = (from: number) =>
    [
      line(0, "job:started"),
      ...joined("a"),
      scene(7, 1),
      ...frame(1, "a", [7, 17, 17], "1/1"),
      line(18, "job:failed"),
    ].map((made) => ({ ...made, time: (made as { time: number }).time + from * 1000 }));
  expect((await timeOf([...run(0), ...run(100)])).slots).toMatchObject({ render: 10, wasted: 10 });
});

test("encoding is what follows the last frame: not when frames failed, also when no frame was missing", async () => {
  const failed = sorted(
    ...[line(0, "job:started"), joined("a"), scene(7, 2), frame(1, "a", [7, 17, 17], "1/2")],
    ...[nodeLine(17, "frame:started", "a", { frame: 2, slot: 0 }), line(31, "frame:failed", { frame: 2, code: "NO" })],
    line(31, "job:failed"),
  );
  const time = await timeOf(failed);
  expect(time).toMatchObject({ wall: 31, encode: 0 });
  expect(time.slots).toMatchObject({ render: 10, wasted: 14 });

  const encoded = [
    line(0, "job:started"),
    scene(1, 5),
    line(2, "job:resumed", { stored: 5 }),
    line(62, "job:completed"),
  ];
  expect(await timeOf(encoded)).toMatchObject({ wall: 62, encode: 60, efficiency: null });
  // The same command once more finds everything done: what the first one took is still told.
  const again = [line(100, "job:started"), line(101, "job:completed")];
  expect(await timeOf([...encoded, ...again])).toMatchObject({ wall: 63, encode: 60 });
});

test("a node that is barred or left out is away from then on, and one that is forgiven waits", async () => {
  const log = sorted(
    ...[line(0, "job:started"), joined("a"), joined("b"), joined("c"), scene(7, 1)],
    ...[nodeLine(17, "node:barred", "a"), nodeLine(27, "node:forgiven", "a")],
    line(12, "node:excluded", { name: "b", code: "FARM_NODE_EXCLUDED" }),
    ...[frame(1, "c", [7, 37, 37], "1/1"), line(37, "job:completed")],
  );
  const { nodes } = await reportOn({ log });
  const spent = Object.fromEntries(nodes.map(({ name, time }) => [name, time]));
  expect(spent.a).toEqual({ ...nothing, slots: 1, upload: 2, load: 4, away: 10, wait: 20 });
  expect(spent.b).toEqual({ ...nothing, slots: 1, upload: 2, load: 4, away: 25, wait: 5 });
});

test("a clock that is set back or on does not matter where the lines carry a scale of their own, and costs little else", async () => {
  const log = sorted(
    ...[line(0, "job:started"), joined("a"), scene(7, 2)],
    ...[frame(1, "a", [7, 17, 17], "1/2"), frame(2, "a", [17, 27, 27], "2/2"), line(28, "job:completed")],
  ) as { time: number }[];
  const undisturbed = await timeOf(log);
  const set = (byMs: number) => log.map((made, index) => (index < 10 ? made : { ...made, time: made.time + byMs }));
  const day = 86_400_000;
  for (const byMs of [-day, day]) {
    const withScale = set(byMs).map((made, index) => ({ ...made, ms: (log[index]?.time ?? 0) - 1_699_999_999_000 }));
    expect(await timeOf(withScale)).toEqual(undisturbed);
  }
  // Ten seconds are lost between two lines, and no more.
  expect(await timeOf(set(-day))).toMatchObject({ wall: undisturbed.wall - 10, efficiency: expect.closeTo(10 / 16) });
});

test("a log of nonsense gives a report all the same", async () => {
  const odd = [
    ...[line(0, "frame:stored", { frame: 1 }), line(1, "job:started"), line(2, "node:found", { slots: 1e9 })],
    ...[line(3, "node:found", { node: 7, name: {}, slots: "many" }), line(4, "node:joined", { node: null })],
    nodeLine(5, "frame:started", "never found", { frame: 1, slot: 0 }),
    ...[nodeLine(6, "node:found", "a"), nodeLine(6, "frame:started", "a", { frame: {}, slot: [] })],
    ...[
      nodeLine(7, "frame:started", "a", { frame: 1, slot: 1e12 }),
      line(7, "frame:failed"),
      line(8, "frame:requeued"),
    ],
    ...[nodeLine(9, "frame:rendered", "a", { frame: 2, seconds: -5 }), nodeLine(9, "frame:stored", "a", { frame: 2 })],
    ...[line(Number.NaN, "job:started"), line(10, "job:resumed"), line(11, "warning", { message: 5, name: 6 })],
  ];
  const { slots, wall } = await timeOf(odd);
  expect(wall).toBe(10);
  for (const seconds of Object.values(slots)) expect(seconds).toBeGreaterThanOrEqual(0);
});
