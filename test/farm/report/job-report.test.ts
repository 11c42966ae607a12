import { appendFile, mkdir, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { reportOf } from "../../../src/index.ts";
import { attempt, line, nodeLine, record, reportOn } from "../../support/job-reports.ts";
import { makeTemporaryFolder } from "../../support/temporary-folder.ts";

test("a frame that was stored, damaged and rendered again counts once, with its latest record", async () => {
  const records = [record(1, "a", { seconds: 90 }), record(2, "a"), record(1, "b", { attempts: 3, seconds: 20 })];
  const report = await reportOn({ records, job: { run: 2, frames: "1-3" } });
  expect(report).toMatchObject({ frames: 2, expected: 3, missing: "3", retried: 1, outcome: "unfinished", time: null });
  expect(report.slowest).toEqual({ frame: 1, seconds: 20, name: "b" });
  expect(report.nodes).toMatchObject([
    { name: "b", frames: 1, renderSeconds: 20 },
    { name: "a", frames: 1, renderSeconds: 10 },
  ]);
});

test("a frame that was taken out of the store does not count until it is stored again; what was played counts with it", async () => {
  const records = [
    ...[record(1, "a", { playSeconds: 4 }), record(2, "a", { playSeconds: 1.5 }), record(2, "a", { doubted: "why" })],
    ...[record(3, "a"), record(3, "a", { doubted: "why" }), record(3, "a", { playSeconds: 2 })],
  ];
  expect(await reportOn({ records, job: { run: 1, frames: "1-3" } })).toMatchObject({
    ...{ frames: 2, missing: "2", playSeconds: 6 },
  });
});

test("a record without a file does not count; without the frames folder, removed after success, records are enough", async () => {
  const records = [record(1, "a"), record(2, "a"), record(3, "a")];
  expect(await reportOn({ records, files: [1, 3], job: { run: 1, frames: "1-3" } })).toMatchObject({
    ...{ frames: 2, missing: "2" },
  });
  expect(await reportOn({ records, job: { run: 1, frames: "1-3" } })).toMatchObject({ frames: 3, missing: "" });
  // An earlier run had more frames.
  expect(await reportOn({ records, job: { run: 2, frames: "2-3" } })).toMatchObject({ frames: 2, expected: 2 });
});

test("a node is listed with every Blender and device that it rendered with, or with its Blender if it rendered nothing", async () => {
  const found = nodeLine(1, "node:found", "idle", { slots: 1, blender: "4.2.0" });
  const records = [record(1, "a", { device: "OPTIX: x" }), record(2, "a"), record(3, "a", { blender: "4.3.0" })];
  const { nodes } = await reportOn({ records, log: [line(0, "job:started"), found] });
  expect(nodes).toMatchObject([
    { name: "a", blender: ["4.3.2", "4.3.0"], devices: ["OPTIX: x", "CPU"], frames: 3, time: null },
    { name: "idle", blender: ["4.2.0"], devices: [], frames: 0 },
  ]);
});

test("causes are grouped by code: sixty failures are one line, with an example, its hint and the failed frames", async () => {
  const failed = (frame: number, name: string, code: string, message: string, hint = "") =>
    attempt(frame, name, { start: 1, over: 2, outcome: "failed", error: { code, message, hint } });
  const lost = (frame: number, name: string, message: string) =>
    attempt(frame, name, { start: 1, over: 2, outcome: "lost", error: { message } });
  const full = (frame: number) => `No space left on device: /tmp/${frame}-${frame}.png`;
  const numbers = Array.from({ length: 60 }, (_, index) => index + 1);
  const { causes } = await reportOn({
    job: { run: 1, frames: "1-60" },
    records: numbers.filter((frame) => frame !== 4 && frame !== 5).map((frame) => record(frame, "a")),
    attempts: [
      ...numbers.map((frame) => failed(frame, frame % 3 === 0 ? "b" : "a", "DISK_FULL", full(frame), "Make room")),
      ...[lost(7, "b", "its node was lost"), lost(8, "b", "it did not start a frame for 600 s")],
      ...[lost(8, "a", "it did not start a frame for 601 s"), failed(9, "a", "NO_EGL", "none", "Install libEGL")],
      attempt(9, "b", { start: 3, end: 4, over: 5 }),
      attempt(10, "b", { start: null, over: 5, outcome: "withdrawn" }), // no failure
    ],
  });
  expect(causes).toEqual([
    {
      ...{ code: "DISK_FULL", count: 60, failedFrames: "4,5", hint: "Make room" },
      ...{ message: "No space left on device: /tmp/1-1.png", nodes: [expect.anything(), expect.anything()] },
    },
    expect.objectContaining({ code: null, count: 2, message: "it did not start a frame for 600 s" }),
    expect.objectContaining({ code: null, count: 1, message: "its node was lost", nodes: [{ name: "b", count: 1 }] }),
    expect.objectContaining({ code: "NO_EGL", count: 1, hint: "Install libEGL", failedFrames: "" }), // stored later
  ]);
  expect(causes[0]?.nodes).toEqual([
    { name: "a", count: 40 },
    { name: "b", count: 20 },
  ]);
});

test("an attempt with two records counts as the last one says, such as one whose stored frame FFmpeg refused", async () => {
  const first = attempt(1, "a", { start: 1, end: 2, over: 3 });
  const refused = { code: "FFMPEG_REFUSED", message: "no data", hint: "", fault: "node" as const };
  const { causes } = await reportOn({
    attempts: [first, { ...first, outcome: "failed", error: refused }],
    records: [],
    log: [line(0, "job:started")],
  });
  expect(causes).toMatchObject([{ code: "FFMPEG_REFUSED", count: 1 }]);
});

test("many made-up codes, names and warnings make neither the report nor the memory grow", async () => {
  const log = [line(0, "job:started")];
  const attempts = [];
  for (let index = 0; index < 1_000; index++) {
    const error = { code: `CODE_${String(index).padStart(4, "0")}`, message: "x" };
    attempts.push(attempt(1, "a", { start: 1, over: 2, outcome: "failed", error }));
    log.push(line(index, "node:excluded", { name: `n${index}`, code: "FARM_NODE_EXCLUDED", message: "no" }));
    log.push(line(index, "warning", { message: `w${index}`, name: null }));
  }
  const { causes, problems, warnings } = await reportOn({ log, attempts });
  expect([causes.length, problems.length, warnings.length]).toEqual([101, 200, 200]);
  expect(causes.find(({ message }) => message === "other causes")).toMatchObject({ count: 900 });
});

test("the report has the outcome and the problems of nodes: lost, barred, excluded, unreachable, busy", async () => {
  const report = await reportOn({
    log: [
      ...[line(0, "job:started"), nodeLine(1, "node:lost", "a", { message: "no answer" }), line(3, "job:interrupted")],
      ...[line(10, "job:started"), nodeLine(11, "node:lost", "a", { message: "closed" })],
      nodeLine(12, "node:barred", "b", { reason: "3 failures in a row" }),
      line(13, "node:excluded", { name: "c", code: "FARM_LOAD_FAILED", message: "cannot open", hint: "pack it" }),
      line(14, "node:unreachable", { name: "d", message: "nobody there", hint: "start it" }),
      line(14, "node:unreachable", { name: "f", message: "nobody there", hint: "start it" }),
      line(14, "alarm:ended", { name: "f", message: "nobody there", was: "unreachable" }),
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
    warnings: ["Encoding was postponed until all frames were stored: broken pipe", "w (a)", refused, "w"],
  });
  expect(report.problems).toMatchObject([
    { what: "lost", name: "a", count: 2, message: "closed" },
    { what: "barred", name: "b", count: 1, message: "3 failures in a row" },
    { what: "excluded", name: "c", code: "FARM_LOAD_FAILED", message: "cannot open", hint: "pack it" },
    { what: "unreachable", name: "d", message: "nobody there", hint: "start it" },
    { what: "unreachable", name: "f", message: "nobody there; it answered later", hint: "" },
    { what: "busy", name: "e", message: "it worked for them" },
  ]);
  const ended = async (...msgs: string[]) =>
    (await reportOn({ log: msgs.map((msg, index) => line(index, msg)) })).outcome;
  expect(await ended("job:started", "job:completed")).toBe("completed");
  expect(await ended("job:started", "job:interrupted")).toBe("interrupted");
  expect(await ended("job:started", "job:failed", "job:started", "node:joined")).toBe("unfinished");
});

test("earlier runs whose frames are no longer used are counted, but not reported otherwise", async () => {
  const oldRun = (seconds: number, run: number) => [
    ...[line(seconds, "job:started"), line(seconds, "run:started", { job: "1".repeat(32), run })],
    ...[line(seconds + 2, "warning", { message: "of before", name: null }), line(seconds + 3, "job:failed")],
  ];
  const job = "0".repeat(32);
  const now = [
    ...[
      line(100, "job:started"),
      line(101, "run:started", { job, run: 1 }),
      line(102, "job:restarted", { reason: "" }),
    ],
    ...[line(103, "warning", { message: "of now", name: null }), line(104, "job:completed")],
    ...[line(200, "job:started"), line(200, "run:started", { job, run: 2 })],
  ];
  const log = [...oldRun(0, 1), ...oldRun(50, 2), ...now];
  expect(await reportOn({ log, job: { run: 2 } })).toMatchObject({
    ...{ runs: 2, earlierRuns: 2, warnings: ["of now"], time: { wall: 4 } },
  });
  // If the log does not name the job, all of it counts.
  expect(await reportOn({ log: oldRun(0, 1), job: { run: 1 } })).toMatchObject({ runs: 1, earlierRuns: 0 });
});

test("a truncated last line, empty, foreign and endless lines are ignored", async () => {
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

test("a log that is larger than the longest string is read line by line", async () => {
  await using folder = await makeTemporaryFolder();
  const path = join(folder.path, "log.ndjson");
  await writeFile(path, `${JSON.stringify(line(0, "job:started"))}\n`);
  await truncate(path, 600 * 1024 * 1024); // a hole, which takes no disk space
  await appendFile(path, `\n${JSON.stringify(line(9, "job:completed"))}\n`);
  expect(await reportOf(folder.path)).toMatchObject({ runs: 1, outcome: "completed", time: { wall: 9 } });
});

test("a folder that is not a job folder is an error, and so is an unreadable one", async () => {
  await using folder = await makeTemporaryFolder();
  const file = join(folder.path, "log.ndjson");
  const [message, hint] = ["it is not a job folder", ".renderfarm"].map((text) => expect.stringContaining(text));
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
