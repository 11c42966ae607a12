import { expect, test } from "vitest";
import { reportText } from "../../../src/cli/commands/report-text.ts";
import { widthOf } from "../../../src/cli/display-width.ts";
import type { JobReport } from "../../../src/index.ts";

const nothing = { render: 0, wasted: 0, upload: 0, load: 0, wait: 0, busy: 0, away: 0 };

const failed: JobReport = {
  ...{ name: "duck 010\u009b", owner: "anna", overrides: { samples: 16, camera: "Left\u009b", transparent: true } },
  ...{
    outcome: "failed",
    frames: 237,
    expected: 240,
    missing: "17,18,131",
    runs: 2,
    earlierRuns: 1,
    retried: 23,
    playSeconds: 370,
  },
  error: { code: "FARM_FRAMES_FAILED", message: "Cannot finish the job: 3 frames failed: 17,18,131" },
  causes: [
    {
      ...{ code: "DISK_FULL", count: 63, failedFrames: "17,18,131", hint: "Make room in the node's cache folder" },
      message: "[Errno 28] No space left on device: '/home/render/.cache/renderfarm/runs/f00d/17-4.png'",
      nodes: [
        { name: "attic", count: 41 },
        { name: "cellar", count: 19 },
      ],
    },
    {
      ...{ code: null, count: 2, failedFrames: "", hint: "", message: "its node was lost" },
      nodes: [{ name: "cellar", count: 2 }],
    },
  ],
  problems: [
    { what: "lost", name: "cellar", count: 2, code: null, message: "the connection broke", hint: "" },
    {
      ...{
        what: "excluded",
        name: "studio",
        count: 1,
        code: "FARM_NODE_EXCLUDED",
        hint: "--mix-versions changes the rule",
      },
      message: "Cannot use studio: its Blender 4.2.0 is not the job's 4.3.2",
    },
  ],
  nodes: [
    {
      ...{ node: "a", name: "attic", blender: ["4.3.2"], devices: ["OPTIX: NVIDIA GeForce RTX 3090"], frames: 161 },
      ...{ renderSeconds: 1803.2, time: { ...nothing, slots: 2, upload: 8, load: 12.4 } },
    },
    {
      ...{ node: "c", name: "cellar", blender: ["4.3.2"], devices: ["CPU"], frames: 76, renderSeconds: 1900 },
      time: { ...nothing, slots: 1, upload: 75 },
    },
    { ...{ node: "s", name: "studio", blender: ["4.2.0"], devices: [], frames: 0, renderSeconds: 0 }, time: null },
  ],
  slowest: { frame: 88, seconds: 51.25, name: "cellar" },
  warnings: ["Scripts in the file were not run (attic)"],
  time: {
    ...{ wall: 1500, transfer: 31.3, encode: 0, efficiency: 0.8231 },
    slots: { slots: 3, render: 3703, wasted: 412, upload: 83, load: 61, wait: 240, busy: 1200, away: 77 },
  },
};

test("the report of a failed job, in 80 columns: first the error, then the causes, the nodes, and where the time went", () => {
  const text = reportText(failed);
  expect(text).toBe(`duck 010\\u009b of anna
Failed: 237 of 240 frames stored, missing: 17,18,131
  FARM_FRAMES_FAILED: Cannot finish the job: 3 frames failed: 17,18,131
2 runs in 25:00, after 1 run whose frames are no longer used
Otherwise than in the blendfile: samples 16, camera Left\\u009b, transparent

Failed and wasted renders
  63 × DISK_FULL (attic 41, cellar 19); frames failed: 17,18,131
       [Errno 28] No space left on device:
       '/home/render/.cache/renderfarm/runs/f00d/17-4.png'
       Make room in the node's cache folder
   2 × its node was lost (cellar)

Problems of nodes
  cellar  lost 2 times: the connection broke
  studio  excluded: Cannot use studio: its Blender 4.2.0 is not the job's 4.3.2
          --mix-versions changes the rule

node    Blender  device                          frames  s/frame  upload   load
attic   4.3.2    OPTIX: NVIDIA GeForce RTX 3090     161    11.20   4.0 s  6.2 s
cellar  4.3.2    CPU                                 76    25.00    1:15    0 s
studio  4.2.0                                         0
Slowest: frame 88, 51.25 s on cellar; 23 frames were rendered more than once

Where the time of 3 slots went: efficiency 82 %
  render    1:01:43  82 %  frames of the output
  play         6:10   8 %  of that, playing simulations up to the frames
  wasted       6:52   9 %  renders that failed, were lost or came too late
  upload       1:23   2 %  the blendfile on its way to the node
  load         1:01   1 %  the blendfile being opened
  wait         4:00   5 %  for work
  busy        20:00        with other users' jobs; not counted
  away         1:17        lost, barred or excluded; not counted
  transfer     31 s        sending results, during the rendering

Warning: Scripts in the file were not run (attic)
`);
  for (const line of text.split("\n")) expect(line.length, line).toBeLessThanOrEqual(80);
});

const bare: JobReport = {
  ...{ name: null, owner: null, overrides: null },
  ...{
    outcome: "completed",
    error: null,
    frames: 48,
    expected: 48,
    missing: "",
    runs: 1,
    earlierRuns: 0,
    retried: 0,
    playSeconds: 0,
  },
  ...{ causes: [], problems: [], nodes: [], slowest: null, warnings: [], time: null },
};

test("a job without problems has a short report", () => {
  const slots = { ...nothing, slots: 1, render: 96, load: 4 };
  const text = reportText({ ...bare, time: { wall: 104, slots, transfer: 0, encode: 1.26, efficiency: 0.96 } });
  expect(text).toBe(`Completed: 48 of 48 frames stored
1 run in 1:44

Where the time of 1 slot went: efficiency 96 %
  render   1:36  96 %  frames of the output
  load    4.0 s   4 %  the blendfile being opened
  encode  1.3 s        after the last frame
`);
});

test("the report of an unfinished job says that it can continue; without a log it says that there is none", () => {
  const more = "The same command continues from here";
  expect(reportText({ ...bare, outcome: "interrupted" })).toBe(`Interrupted: 48 of 48 frames stored\n  ${more}\n`);
  expect(reportText({ ...bare, outcome: "unfinished" })).toContain(
    "\n  It is running, or it was killed: the same command",
  );
  const noLog = { ...bare, outcome: "unfinished", runs: 0, expected: null, frames: 1 } as const;
  expect(reportText(noLog)).toBe("1 frame stored; there is no log\n");
});

test("however long the names, devices, ranges and messages are, no line is wider than the terminal", () => {
  const long = "a rather long name of a thing 名前 ".repeat(40);
  const word = "x".repeat(3_000);
  const missing = Array.from({ length: 3_000 }, (_, index) => index * index).join(",");
  const [cause, problem, node] = [failed.causes[0], failed.problems[0], failed.nodes[0]];
  if (!cause || !problem || !node) throw new Error("The example has none");
  const report: JobReport = {
    ...{ ...failed, missing, warnings: Array.from({ length: 40 }, () => long), error: { code: word, message: long } },
    causes: Array.from({ length: 15 }, () => ({ ...cause, failedFrames: missing, message: word, hint: long })),
    problems: Array.from({ length: 15 }, () => ({ ...problem, name: long, message: word, hint: word })),
    nodes: [{ ...node, name: long, devices: [long, word], blender: [word] }],
    slowest: { frame: 1, seconds: 1, name: long },
  };
  for (const columns of [80, 120]) {
    const lines = reportText(report, columns).split("\n");
    for (const line of lines) expect(widthOf(line), line).toBeLessThanOrEqual(columns);
    expect(lines.length).toBeLessThan(220);
    expect(lines.filter((line) => line.includes("5 more") || line.includes("30 more")).length).toBe(3);
  }
});
