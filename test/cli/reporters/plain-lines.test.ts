import { describe, expect, test } from "vitest";
import { PlainLines } from "../../../src/cli/reporters/plain-lines.ts";
import type { FarmEvent } from "../../../src/index.ts";

function make() {
  let written = "";
  const clock = { nowMs: 0 };
  const lines = new PlainLines(
    (text) => {
      written += text;
    },
    () => clock.nowMs,
  );
  return { lines, clock, take: () => written.split("\n").slice(0, -1) };
}

const named = { node: "a".repeat(32), name: "one" };
const progress: FarmEvent = {
  ...{ type: "job:progressed", stored: 3, total: 24, nodes: 2, running: 2, encoded: 1, etaMs: 125_000 },
  etaRangeMs: [120_000, 130_000],
};

test("a progress line is written at most every 10 s", () => {
  const { lines, clock, take } = make();
  for (clock.nowMs = 0; clock.nowMs < 30_000; clock.nowMs += 1_000) lines.tell(progress);
  expect(take()).toEqual([
    ...[
      "3 of 24 frames, 2 nodes, about 2 min to go, 1 in the output",
      "3 of 24 frames, 2 nodes, about 2 min to go, 1 in the output",
    ],
  ]);
});

test("without an estimate the line has no remaining time", () => {
  const { lines, clock, take } = make();
  clock.nowMs = 10_000;
  lines.tell({ ...progress, etaMs: null, etaRangeMs: null } as FarmEvent);
  expect(take()).toEqual(["3 of 24 frames, 2 nodes, 1 in the output"]);
});

test("what a node still gets is reported at once, and then every 10 s", () => {
  const { lines, clock, take } = make();
  const sent = { sizeBytes: 2_000_000, filesLeft: 213, bytesPerSecond: 100_000, etaMs: 15_000 };
  lines.tell({ type: "node:uploading", ...named, ...sent, haveBytes: 0 });
  lines.tell({ type: "node:uploading", node: "b", name: "two", ...sent, haveBytes: 0, filesLeft: 1 });
  lines.tell({ type: "node:uploading", ...named, ...sent, haveBytes: 1_000 });
  expect(take()).toEqual(["Sending 213 files to one: 2.0 MB", "Sending 1 file to two: 2.0 MB"]);
  clock.nowMs = 10_000;
  lines.tell({ type: "node:receiving", ...named, ...sent, haveBytes: 500_000 });
  lines.tell({ type: "node:receiving", ...named, ...sent, haveBytes: 2_000_000, filesLeft: 0 });
  expect(take().slice(2)).toEqual(["Sending to one: 213 files, 1.5 MB at 100 kB/s, renders in 15 s"]);
});

test("frames that are rendered again are named, with the reason", () => {
  const { lines, take } = make();
  lines.tell({ type: "frames:outdated", frames: 3, range: "16-18", reason: "tex/17.png has changed", folder: "/f" });
  expect(take()).toEqual(["Rendering 3 frames again (16-18): tex/17.png has changed; the old ones are in /f"]);
});

test("events of single frames write no line", () => {
  const { lines, take } = make();
  lines.tell({ type: "frame:started", ...named, frame: 1, slot: 0 });
  lines.tell({ type: "frame:progressed", ...named, frame: 1, slot: 0, fraction: null });
  lines.tell({ type: "frame:stored", ...named, frame: 1, seconds: 1, stored: 1, total: 2 });
  expect(take()).toEqual([]);
});

describe("no line contains control characters or imitates another line,", () => {
  const evil = "\u001b[2J\rx\nDone in 1 s";
  const events: FarmEvent[] = [
    { type: "warning", code: "W", message: evil, name: evil },
    { type: "node:excluded", name: evil, code: "FARM_NODE_EXCLUDED", message: evil, hint: evil },
    { type: "node:unreachable", name: evil, message: evil, hint: evil },
    { type: "node:busy", ...named, name: evil, holder: evil, job: evil },
    { type: "node:lost", ...named, name: evil, message: evil },
    { type: "node:barred", ...named, name: evil, reason: evil },
    { type: "frame:failed", frame: 1, code: "RENDER_FAILED", message: evil, hint: evil },
    { type: "frame:requeued", ...named, name: evil, frame: 1, code: evil, reason: evil },
    { type: "frame:refused", ...named, name: evil, frame: 1, message: evil, file: "refused/0000001.png" },
    { type: "node:found", ...named, name: evil, address: "a:1", blender: evil, slots: 1 },
    { type: "job:restarted", reason: evil },
    { type: "encode:postponed", message: evil },
  ];
  test.each(events)("whatever the texts in $type", (event) => {
    const { lines, take } = make();
    lines.tell(event);
    const written = take();
    expect(written.length).toBeGreaterThan(0);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this is about
    expect(written.filter((line) => /[\u0000-\u001f]/.test(line) || line.startsWith("Done"))).toEqual([]);
  });
});

test("a completed job ends with a summary: output, frames, nodes, and all warnings again", () => {
  const result: FarmEvent = {
    ...{ type: "job:completed", output: "/o/out.mp4", frames: 24, reused: 4, seconds: 125 },
    nodes: [{ ...named, blender: "3.4.1", frames: 20, renderSeconds: 50 }],
    warnings: ["it renders on the CPU (one)"],
  };
  const { lines, take } = make();
  lines.tell(result);
  expect(take()).toEqual([
    "Done in 2:05: /o/out.mp4",
    "  24 frames expected, rendered, checked and in the output, 4 of them from an earlier run",
    "  one: 20 frames, 2.5 s each (Blender 3.4.1)",
    "  Warning: it renders on the CPU (one)",
  ]);
});

test("an interrupted job says that the same command continues", () => {
  const { lines, take } = make();
  lines.tell({ type: "job:interrupted", missing: 3 });
  lines.tell({ type: "job:interrupted", missing: null });
  expect(take()).toEqual([
    "Stopped with 3 frames to go; the same command continues from here",
    "Stopped; the same command continues from here",
  ]);
});

test("a farmspec that was written is named, with what it is for and how to have none", () => {
  const { lines, take } = make();
  lines.tell({ type: "farmspec:saved", path: "/films/farmspec.json", nodes: 2 });
  expect(take()).toEqual([
    "Wrote /films/farmspec.json, which lists 2 nodes: the next render finds them at once. --no-save-farmspec writes no such file",
  ]);
});

test("of pictures, no line speaks of a video", () => {
  const { lines, clock, take } = make();
  lines.tell({
    type: "job:started",
    blend: "a.blend",
    output: "/f/out/",
    folder: "/j",
    makes: "pictures",
    overrides: null,
  });
  clock.nowMs = 10_000;
  lines.tell(progress);
  lines.tell({ type: "encode:postponed", message: "the disk is full" });
  lines.tell({ type: "job:completed", output: "/f/out/", frames: 24, reused: 0, seconds: 9, nodes: [], warnings: [] });
  expect(take().join("\n")).not.toMatch(/video|encod/i);
  expect(take().at(-1)).toBe("  24 frames expected, rendered, checked and in place");
});

test("when a node that could not be reached answers, that is said", () => {
  const { lines, take } = make();
  lines.tell({ type: "alarm:ended", name: "attic", message: "Cannot reach attic", was: "unreachable" });
  expect(take()).toEqual(["Node attic answers now"]);
});
