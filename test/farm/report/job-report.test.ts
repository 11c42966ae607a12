import { appendFile, mkdir, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { reportOf } from "../../../src/index.ts";
import { line, nodeLine, record, reportOn } from "../../support/job-reports.ts";
import { makeTemporaryFolder } from "../../support/temporary-folder.ts";

const requeued = (seconds: number, frame: number, name: string, reason: string) =>
  nodeLine(seconds, "frame:requeued", name, { frame, reason });
const failed = (seconds: number, frame: number, code: string, message: string, hint = "") =>
  line(seconds, "frame:failed", { frame, code, message, hint });
const stored = (seconds: number, frame: number, name: string, of = "1/9") => {
  const [count, total] = of.split("/").map(Number);
  return nodeLine(seconds, "frame:stored", name, { frame, seconds: 1, stored: count, total });
};

test("a frame that was stored, damaged and rendered again is one frame: that of the latest record", async () => {
  const records = [record(1, "a", { seconds: 90 }), record(2, "a"), record(1, "b", { attempts: 3, seconds: 20 })];
  const report = await reportOn({ records, job: { run: 2, frames: "1-3" } });
  expect(report).toMatchObject({ frames: 2, expected: 3, missing: "3", retried: 1, outcome: "unfinished", time: null });
  expect(report.slowest).toEqual({ frame: 1, seconds: 20, name: "b" });
  expect(report.nodes).toMatchObject([
    { name: "b", frames: 1, renderSeconds: 20 },
    { name: "a", frames: 1, renderSeconds: 10 },
  ]);
});

test("a record whose file is gone is no stored frame; without the folder, which goes with success, records are enough", async () => {
  const records = [record(1, "a"), record(2, "a"), record(3, "a")];
  expect(await reportOn({ records, files: [1, 3], job: { run: 1, frames: "1-3" } })).toMatchObject({
    ...{ frames: 2, missing: "2" },
  });
  expect(await reportOn({ records, job: { run: 1, frames: "1-3" } })).toMatchObject({ frames: 3, missing: "" });
  // An earlier run wanted more.
  expect(await reportOn({ records, job: { run: 2, frames: "2-3" } })).toMatchObject({ frames: 2, expected: 2 });
});

test("a node is told with every Blender and device that it rendered with, and without frames with the Blender it has", async () => {
  const found = nodeLine(1, "node:found", "idle", { slots: 1, blender: "4.2.0" });
  const records = [record(1, "a", { device: "OPTIX: x" }), record(2, "a"), record(3, "a", { blender: "4.3.0" })];
  const { nodes } = await reportOn({ records, log: [line(0, "job:started"), found] });
  expect(nodes).toMatchObject([
    { name: "a", blender: ["4.3.2", "4.3.0"], devices: ["OPTIX: x", "CPU"], frames: 3, time: null },
    { name: "idle", blender: ["4.2.0"], devices: [], frames: 0 },
  ]);
});

test("causes are grouped by code: sixty failures of one are one line, with an example, its hint and the frames it cost", async () => {
  const full = (frame: number) => `DISK_FULL: No space left on device: /tmp/${frame}-${frame}.png`;
  const numbers = Array.from({ length: 60 }, (_, index) => index + 1);
  const { causes } = await reportOn({
    log: [
      line(0, "job:started"),
      ...numbers.map((frame) => requeued(frame, frame, frame % 3 === 0 ? "b" : "a", full(frame))),
      ...[failed(61, 4, "DISK_FULL", "No space left", "Make room"), failed(62, 5, "DISK_FULL", "No space left")],
      ...[requeued(63, 7, "b", "its node was lost"), requeued(64, 8, "b", "it did not begin a frame for 600 s")],
      requeued(65, 8, "a", "it did not begin a frame for 601 s"),
      ...[requeued(66, 9, "a", "NO_EGL: none"), failed(67, 9, "NO_EGL", "none", "Install libEGL"), stored(68, 9, "b")],
    ],
  });
  expect(causes).toEqual([
    {
      ...{ code: "DISK_FULL", count: 62, givenUp: "4,5", hint: "Make room" },
      ...{ message: "No space left on device: /tmp/1-1.png", nodes: [expect.anything(), expect.anything()] },
    },
    expect.objectContaining({ code: null, count: 2, message: "it did not begin a frame for 600 s" }),
    expect.objectContaining({ code: "NO_EGL", count: 2, hint: "Install libEGL", givenUp: "" }), // stored after all
    expect.objectContaining({ code: null, count: 1, message: "its node was lost", nodes: [{ name: "b", count: 1 }] }),
  ]);
  expect(causes[0]?.nodes).toEqual([
    { name: "a", count: 40 },
    { name: "b", count: 20 },
  ]);
});

test("what an earlier run gave up is tried again by the next: only what the latest gave up is lost", async () => {
  const scene = (seconds: number) => line(seconds, "scene:read", { frames: 3 });
  const { causes } = await reportOn({
    log: [
      ...[line(0, "job:started"), scene(1), failed(2, 1, "CRASHED", "x"), failed(3, 2, "CRASHED", "x")],
      ...[line(4, "job:failed"), line(10, "job:started"), scene(11), failed(12, 2, "CRASHED", "x")],
    ],
  });
  expect(causes).toMatchObject([{ code: "CRASHED", count: 3, givenUp: "2" }]);
});

test("a node that invents ever new codes, names and warnings makes neither the report nor the memory grow", async () => {
  const log = [line(0, "job:started")];
  for (let index = 0; index < 1_000; index++) {
    log.push(requeued(index, 1, "a", `CODE_${String(index).padStart(4, "0")}: x`));
    log.push(line(index, "node:excluded", { name: `n${index}`, code: "FARM_NODE_EXCLUDED", message: "no" }));
    log.push(line(index, "warning", { message: `w${index}`, name: null }));
  }
  const { causes, problems, warnings } = await reportOn({ log });
  expect([causes.length, problems.length, warnings.length]).toEqual([101, 200, 200]);
  expect(causes.find(({ message }) => message === "other causes")).toMatchObject({ count: 900 });
});

test("how the job ended, and what was wrong with its nodes: lost, barred, refused, out of reach, busy", async () => {
  const report = await reportOn({
    log: [
      ...[line(0, "job:started"), nodeLine(1, "node:lost", "a", { message: "no answer" }), line(3, "job:interrupted")],
      ...[line(10, "job:started"), nodeLine(11, "node:lost", "a", { message: "closed" })],
      nodeLine(12, "node:barred", "b", { reason: "3 failures in a row" }),
      line(13, "node:excluded", { name: "c", code: "FARM_LOAD_FAILED", message: "cannot open", hint: "pack it" }),
      line(14, "node:unreachable", { name: "d", message: "nobody there", hint: "start it" }),
      nodeLine(15, "node:busy", "e", { holder: "them" }),
      ...[line(16, "encode:postponed", { message: "broken pipe" }), line(17, "warning", { message: "w", name: "a" })],
      line(17, "frame:refused", { frame: 7, name: "a", message: "no data", file: "f" }),
      ...[line(18, "warning", { message: "w", name: "a" }), line(19, "warning", { message: "w", name: null })],
      line(20, "job:failed", { code: "FARM_FRAMES_FAILED", message: "Cannot finish" }),
    ],
  });
  const refused = "FFmpeg refused frame 7, which a rendered: no data";
  expect(report).toMatchObject({
    ...{ outcome: "failed", error: { code: "FARM_FRAMES_FAILED", message: "Cannot finish" }, runs: 2 },
    warnings: ["Encoding was put off until all frames were there: broken pipe", "w (a)", refused, "w"],
  });
  expect(report.problems).toMatchObject([
    { what: "lost", name: "a", count: 2, message: "closed" },
    { what: "barred", name: "b", count: 1, message: "3 failures in a row" },
    { what: "refused", name: "c", code: "FARM_LOAD_FAILED", message: "cannot open", hint: "pack it" },
    { what: "unreachable", name: "d", message: "nobody there", hint: "start it" },
    { what: "busy", name: "e", message: "it worked for them" },
  ]);
  const ended = async (...msgs: string[]) =>
    (await reportOn({ log: msgs.map((msg, index) => line(index, msg)) })).outcome;
  expect(await ended("job:started", "job:completed")).toBe("completed");
  expect(await ended("job:started", "job:interrupted")).toBe("interrupted");
  expect(await ended("job:started", "job:failed", "job:started", "node:joined")).toBe("unfinished");
});

const oldRun = (seconds: number) => [
  ...[line(seconds, "job:started"), line(seconds + 1, "scene:read", { frames: 2 })],
  ...[requeued(seconds + 2, 1, "a", "OLD_CODE: of before"), line(seconds + 3, "job:failed", { code: "X" })],
];

test("what was of frames that were begun anew is left out, but for the number of its runs", async () => {
  const fresh = [
    ...[line(100, "job:started"), line(101, "job:restarted", { reason: "as you asked" }), line(102, "scene:read")],
    ...[requeued(103, 1, "a", "NEW_CODE: of now"), line(104, "job:completed"), line(200, "job:started")],
  ];
  const report = await reportOn({ log: [...oldRun(0), ...oldRun(50), ...fresh] });
  expect(report).toMatchObject({ runs: 2, earlierRuns: 2, causes: [{ code: "NEW_CODE" }], time: { wall: 4 } });
});

test("a job of which nothing was stored is begun anew without a word in the log: job.json knows its runs", async () => {
  const noNode = [line(90, "job:started"), line(91, "job:failed", { code: "FARM_NO_NODE" })];
  const now = [line(100, "job:started"), line(102, "scene:read"), requeued(103, 1, "a", "NEW_CODE: of now")];
  const log = [...oldRun(0), ...oldRun(50), ...noNode, ...now];
  expect(await reportOn({ log, job: { run: 1 } })).toMatchObject({
    runs: 2,
    earlierRuns: 2,
    causes: [{ code: "NEW_CODE" }],
  });
  expect(await reportOn({ log, job: { run: 2 } })).toMatchObject({ runs: 3, earlierRuns: 1 });
  expect(await reportOn({ log, job: { run: 9 } })).toMatchObject({ runs: 4, earlierRuns: 0 });
});

test("a torn last line, empty and foreign lines and one that never ends are passed over", async () => {
  await using folder = await makeTemporaryFolder();
  const write = (name: string, lines: readonly string[]) => writeFile(join(folder.path, name), lines.join("\n"));
  const good = (made: object) => JSON.stringify(made);
  const endless = `{"msg":"job:started","time":1,"x":"${"y".repeat(17 * 1024 * 1024)}"}`;
  const odd = ["", "null", "[]", "7", '{"msg":"job:started"}', "no JSON", '{"time":1}', endless];
  const torn = good(line(9, "job:completed"));
  await write("log.ndjson", [good(line(0, "job:started")), ...odd, good(line(3, "job:failed", { code: "X" })), torn]);
  await write("frames.ndjson", [good(record(1, "a")), ...odd, good(record(2, "a")), good(record(3, "a"))]);
  expect(await reportOf(folder.path)).toMatchObject({ runs: 1, outcome: "failed", frames: 2, time: { wall: 3 } });
});

test("a log that is larger than any text may be is read line by line", async () => {
  await using folder = await makeTemporaryFolder();
  const path = join(folder.path, "log.ndjson");
  await writeFile(path, `${JSON.stringify(line(0, "job:started"))}\n`);
  await truncate(path, 600 * 1024 * 1024); // a hole, so that it takes no room
  await appendFile(path, `\n${JSON.stringify(line(9, "job:completed"))}\n`);
  expect(await reportOf(folder.path)).toMatchObject({ runs: 1, outcome: "completed", time: { wall: 9 } });
});

test("what is no job folder is said to be none, and one that cannot be read as well", async () => {
  await using folder = await makeTemporaryFolder();
  const file = join(folder.path, "log.ndjson");
  const [message, hint] = ["it is no job folder", ".renderfarm"].map((text) => expect.stringContaining(text));
  const wrong = { code: "FARM_BAD_INPUT", message, hint };
  await expect(reportOf(folder.path)).rejects.toMatchObject(wrong);
  await expect(reportOf(join(folder.path, "none"))).rejects.toMatchObject(wrong);
  await writeFile(file, "this is a text\n");
  await expect(reportOf(file)).rejects.toMatchObject(wrong);
  await expect(reportOf(folder.path)).rejects.toMatchObject(wrong);
  await writeFile(join(folder.path, "job.json"), '{"format": 2}');
  await expect(reportOf(folder.path)).rejects.toMatchObject({ code: "FARM_JOB_CHANGED" });
  await using other = await makeTemporaryFolder();
  await mkdir(join(other.path, "log.ndjson"));
  const unreadable = {
    code: "FARM_BAD_INPUT",
    message: expect.stringMatching(/^Cannot read '.*log\.ndjson' \(EISDIR\)$/),
  };
  await expect(reportOf(other.path)).rejects.toMatchObject(unreadable);
});
