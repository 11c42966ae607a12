import { expect, test } from "vitest";
import { widthOf } from "../../../src/cli/display-width.ts";
import { paint, signsOf } from "../../../src/cli/live/line.ts";
import { renderView, type ViewSize } from "../../../src/cli/live/render-view.ts";
import { summaryLines } from "../../../src/cli/live/summary.ts";
import { stoppingView, viewStateOf } from "../../../src/cli/live/view-reducer.ts";
import { emptyView, type ViewState } from "../../../src/cli/live/view-state.ts";
import type { FarmEvent } from "../../../src/index.ts";
import { fortyNodes, replay, type Sample, sampleEvents } from "./sample-events.ts";

const small = { columns: 80, rows: 24 };
const large = { columns: 200, rows: 60 };
const tiny = { columns: 20, rows: 5 };

/** The lines as text. Expects that they fit. */
function draw(state: ViewState, size: Partial<ViewSize>, atMs = 0): string {
  const full = { ...small, hasColor: false, hasUnicode: true, atMs, ...size };
  const lines = renderView(state, full);
  expect(lines.length).toBeLessThan(full.rows);
  for (const line of lines) expect(widthOf(line)).toBeLessThanOrEqual(full.columns);
  return lines.join("\n");
}

/** The view of a sample job, half a second after its last event. */
function drawSample(sample: Sample, size: Partial<ViewSize>): string {
  const events = sampleEvents(sample);
  return draw(replay(events), size, (events.at(-1)?.atMs ?? 0) + 500);
}

function after(state: ViewState, ...events: FarmEvent[]): ViewState {
  return events.reduce((view, event) => viewStateOf(view, event, 60_000), state);
}

const threeNodes = { frames: 250, nodes: ["alpha", "beta", "gamma"], stored: 100 };

test("one node at 80×24", () => {
  expect(drawSample({ frames: 30, nodes: ["alpha"], stored: 10 }, small)).toMatchInlineSnapshot(`
    "renderfarm  meadow.blend → meadow.mp4
    Scene  frames 1–30  1920×1080  24 fps  CYCLES

      node   Blender  state       frame  progress               time  average   done
    ● alpha  4.3.2    rendering      11  ━━━─────────   25%    0.5 s    2.0 s     10

      1 █ █ █ █ █ █ ▓ ▓ ▓ ▓ ▒ ░ ░ ░ ░ ░ ░ ░ ░ ░ ░ ░ ░ ░ ░ ░ ░ ░ ░ ░
        █ 6 encoded  ▓ 4 stored  ▒ 1 rendering  ░ 19 queued

    ━━━━━━─────────────  33%  10/30 frames  about 40 s to go  6 encoded  22 s so far"
  `);
});

test("three nodes at 80×24: encoded, stored, rendering and queued frames differ without colour", () => {
  expect(drawSample(threeNodes, small)).toMatchInlineSnapshot(`
    "renderfarm  meadow.blend → meadow.mp4
    Scene  frames 1–250  1920×1080  24 fps  CYCLES

      node   Blender  state       frame  progress               time  average   done
    ● alpha  4.3.2    rendering     103  ━━━─────────   25%    0.5 s    2.0 s     34
    ● beta   4.3.2    rendering     101  ━━━─────────   25%    1.8 s    2.0 s     33
    ● gamma  4.3.2    rendering     102  ━━━─────────   25%    1.2 s    2.0 s     33

       1 ██████████████████████████████████████████████████████████████████████
      71 ██████████████████████████▓▓▓▓▒▒▒░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░
     141 ░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░
     211 ░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░
         █ 96 encoded  ▓ 4 stored  ▒ 3 rendering  ░ 147 queued

    ━━━━━━─────────  40%  100/250 frames  about 100 s to go  96 encoded  1:08 so far"
  `);
});

test("three nodes at 200×60", () => {
  expect(drawSample(threeNodes, large)).toMatchInlineSnapshot(`
    "renderfarm  meadow.blend → meadow.mp4
    Scene  frames 1–250  1920×1080  24 fps  CYCLES

      node   Blender  state       frame  progress                                           time  average   done
    ● alpha  4.3.2    rendering     103  ━━━━━━━━━━──────────────────────────────   25%    0.5 s    2.0 s     34
    ● beta   4.3.2    rendering     101  ━━━━━━━━━━──────────────────────────────   25%    1.8 s    2.0 s     33
    ● gamma  4.3.2    rendering     102  ━━━━━━━━━━──────────────────────────────   25%    1.2 s    2.0 s     33

       1 ████████████████████████████████████████████████████████████████████████████████████████████████▓▓▓▓▒▒▒░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░
     191 ░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░
         █ 96 encoded  ▓ 4 stored  ▒ 3 rendering  ░ 147 queued

    ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━─────────────────────────────────────────────────────────────────────────────────  40%  100/250 frames  about 100 s to go  96 encoded  1:08 so far"
  `);
});

test("ASCII if the terminal has no Unicode", () => {
  const text = drawSample(threeNodes, { ...small, hasUnicode: false });
  expect(text).toMatch(/^[\n -~]*$/);
  expect(text).toMatchInlineSnapshot(`
    "renderfarm  meadow.blend -> meadow.mp4
    Scene  frames 1-250  1920x1080  24 fps  CYCLES

      node   Blender  state       frame  progress               time  average   done
    * alpha  4.3.2    rendering     103  ###---------   25%    0.5 s    2.0 s     34
    * beta   4.3.2    rendering     101  ###---------   25%    1.8 s    2.0 s     33
    * gamma  4.3.2    rendering     102  ###---------   25%    1.2 s    2.0 s     33

       1 ######################################################################
      71 ##########################====ooo.....................................
     141 ......................................................................
     211 ........................................
         # 96 encoded  = 4 stored  o 3 rendering  . 147 queued

    ######---------  40%  100/250 frames  about 100 s to go  96 encoded  1:08 so far"
  `);
});

test("forty nodes at 80×24: the frames, the bar and a count of the nodes that do not fit", () => {
  const gone: FarmEvent[] = [
    { type: "node:lost", node: "id-39", name: "box-40", message: "the link is lost" },
    { type: "node:barred", node: "id-38", name: "box-39", reason: "3 failures in a row" },
  ];
  const state = after(replay(sampleEvents({ frames: 5_000, nodes: fortyNodes, stored: 2_100 })), ...gone);
  expect(draw(state, small, 120_000)).toMatchInlineSnapshot(`
    "▲ box-40 is gone: the link is lost
    ▲ box-39 gets no more frames: 3 failures in a row

    renderfarm  meadow.blend → meadow.mp4
    Scene  frames 1–5000  1920×1080  24 fps  CYCLES

      node    Blender  state       frame  progress              time  average   done
    ● box-01  4.3.2    rendering    2121  ━━━────────   25%   14.9 s    2.0 s     53
    ● box-02  4.3.2    rendering    2122  ━━━────────   25%   14.9 s    2.0 s     53
    ● box-03  4.3.2    rendering    2123  ━━━────────   25%   14.8 s    2.0 s     53
    ● box-04  4.3.2    rendering    2124  ━━━────────   25%   14.8 s    2.0 s     53
    ● box-05  4.3.2    rendering    2125  ━━━────────   25%   14.8 s    2.0 s     53
    ● box-06  4.3.2    rendering    2126  ━━━────────   25%   14.7 s    2.0 s     53
    ● box-07  4.3.2    rendering    2127  ━━━────────   25%   14.7 s    2.0 s     53
    ● box-08  4.3.2    rendering    2128  ━━━────────   25%   14.6 s    2.0 s     53
    ● box-09  4.3.2    rendering    2129  ━━━────────   25%   14.6 s    2.0 s     53
    … and 31 more: 29 rendering, 1 barred, 1 lost

        1 ██████████████████████████████████████████████████████████▒▒░░░░░░░░░░
     2521 ░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░
    █ 2096 encoded  ▓ 4 stored  ▒ 39 rendering  ░ 2861 queued  36 frames a cell

    ━━━━───────  42%  2100/5000 frames  about 2 min to go  2096 encoded  2:00 so far"
  `);
});

test("forty nodes at 200×60: one row for each", () => {
  const text = drawSample({ frames: 5_000, nodes: fortyNodes, stored: 2_100 }, large);
  for (const name of fortyNodes) expect(text).toContain(`● ${name}  `);
  expect(text).not.toContain("more:");
  expect(text.split("\n").at(-1)).toMatch(
    / 42% {2}2100\/5000 frames {2}about 2 min to go {2}2096 encoded {2}\S+ so far$/,
  );
});

test("a tiny terminal shows the title, the nodes, the frames and the share done", () => {
  expect(drawSample(threeNodes, tiny)).toMatchInlineSnapshot(`
    "renderfarm  meadow.…
    3 slots: 3 rendering
    ███████▒░░░░░░░░░░░░
    40%"
  `);
  expect(
    drawSample({ frames: 5_000, nodes: fortyNodes, stored: 2_100 }, { columns: 40, rows: 10 }),
  ).toMatchInlineSnapshot(`
    "renderfarm  meadow.blend → meadow.mp4
    ● box-01  rendering    2121   25%
    ● box-02  rendering    2122   25%
    ● box-03  rendering    2123   25%
    ● box-04  rendering    2124   25%
    … and 36 more: 36 rendering
        1 ██████████████▒░░░░░░░░░░░░░░░░░░░
    █ 2096 encoded  ▓ 4 stored  ▒ 40 render…
    ━━━━━━━──────────  42%  2100/5000 frames"
  `);
});

test("a terminal with one line or none breaks nothing", () => {
  expect(drawSample(threeNodes, { columns: 1, rows: 1 })).toBe("");
  expect(drawSample(threeNodes, { columns: 1, rows: 2 })).toBe("…");
  expect(drawSample(threeNodes, { columns: 80, rows: 2 })).toMatch(/40% {2}100\/250 frames/);
});

test("before the first node, and before the scene is known", () => {
  expect(draw(emptyView(0), small, 3_000)).toMatchInlineSnapshot(`
    "renderfarm

    Looking for nodes  3 s so far"
  `);
  const uploading = sampleEvents({ frames: 10, nodes: ["alpha", "beta"], stored: 0 }).slice(0, 5);
  const allSent = { haveBytes: 2, sizeBytes: 2, filesLeft: 0, bytesPerSecond: null, etaMs: null };
  const loading: FarmEvent = { type: "node:uploading", node: "id-0", name: "alpha", ...allSent };
  expect(draw(after(replay(uploading), loading), small, 3_000)).toMatchInlineSnapshot(`
    "renderfarm  meadow.blend → meadow.mp4

      node   Blender  state       frame  progress               time  average   done
    ◐ alpha  4.3.2    loading                                                      0
    ◐ beta   4.3.2    uploading  212 files, 600 MB at 40 MB/s, renders in 15 s

    Sending files to 1 node  3 s so far"
  `);
});

test("before the first frame is done", () => {
  const text = drawSample({ frames: 10, nodes: ["alpha"], stored: 0 }, small);
  expect(text).toContain("0%  0/10 frames");
  expect(text).toContain("▒▒▒ ░░░ ░░░");
});

test("columns stay aligned with wide characters, emoji and control characters in names", () => {
  const nodes = ["日本のレンダー機", "👩‍🚀 studio 🇩🇪", "evil\u001b[2J\r\nnode", "e\u0301te\u0301", "x".repeat(300)];
  const text = drawSample({ frames: 24, nodes, stored: 6 }, small);
  expect(text).not.toContain("\u001b");
  expect(text).toMatchInlineSnapshot(`
    "renderfarm  meadow.blend → meadow.mp4
    Scene  frames 1–24  1920×1080  24 fps  CYCLES

      node                state       frame  progress                  time  average
    ● 日本のレンダー機    rendering      11  ━━━━───────────   25%    0.5 s    2.0 s
    ● 👩 studio DE        rendering       7  ━━━━───────────   25%    2.1 s    2.0 s
    ● evil\\u001b[2J node  rendering       8  ━━━━───────────   25%    1.7 s    2.0 s
    ● été                 rendering       9  ━━━━───────────   25%    1.3 s    2.0 s
    ● xxxxxxxxxxxxxxxxx…  rendering      10  ━━━━───────────   25%    0.9 s    2.0 s

      1 ██ ██ ▓▓ ▓▓ ▓▓ ▓▓ ▒▒ ▒▒ ▒▒ ▒▒ ▒▒ ░░ ░░ ░░ ░░ ░░ ░░ ░░ ░░ ░░ ░░ ░░ ░░ ░░
        █ 2 encoded  ▓ 4 stored  ▒ 5 rendering  ░ 13 queued

    ━━━━──────────────  25%  6/24 frames  a few seconds to go  2 encoded  4 s so far"
  `);
});

test("failed frames, requeued frames and warnings are shown", () => {
  const events: FarmEvent[] = [
    {
      type: "frame:requeued",
      node: "id-1",
      name: "beta",
      frame: 101,
      code: null,
      reason: "the node ran out of memory",
    },
    { type: "frame:failed", frame: 55, code: "X", message: "no node could render it", hint: "Look at the scene" },
    { type: "warning", code: "GPU", message: "The GPU is not used", name: "gamma" },
    { type: "encode:postponed", message: "FFmpeg ended" },
  ];
  const before = replay(sampleEvents({ ...threeNodes, stored: 50 }));
  expect(draw(after(before, ...events), small, 60_000)).toMatchInlineSnapshot(`
    "▲ Frame 101 is rendered again: the node ran out of memory (beta)
    ✗ Frame 55 failed: no node could render it
    ▲ The GPU is not used (gamma)
    ▲ Encoding is postponed until all frames are stored: FFmpeg ended

    renderfarm  meadow.blend → meadow.mp4
    Scene  frames 1–250  1920×1080  24 fps  CYCLES

      node   Blender  state       frame  progress               time  average   done
    ● alpha  4.3.2    rendering      52  ━━━─────────   25%   26.3 s    2.0 s     17
    ● beta   4.3.2    rendering      53  ━━━─────────   25%   25.7 s    2.0 s     17
    ● gamma  4.3.2    rendering      51  ━━━─────────   25%   27.0 s    2.0 s     16

       1 ▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▒▒▒░✗░░░░░░░░░░░░░░░
      71 ░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░
     141 ░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░
     211 ░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░
         █ 0 encoded  ▓ 50 stored  ▒ 3 rendering  ░ 196 queued  ✗ 1 failed

    ━━─────────  20%  50/250 frames  1 failed  about 110 s to go  encoding postponed"
  `);
});

test("a long notice is wrapped at words; of one that is too long for the view, the beginning is shown", () => {
  const state = replay(sampleEvents(threeNodes));
  const warning = (message: string): FarmEvent => ({ type: "warning", code: "X", message, name: null });
  const short = warning("short");
  const two = warning(`Cannot reach a node at 10.0.0.9:7447: it does not answer, ${"and more ".repeat(4)}to say`);
  expect(
    draw(after(state, short, two), small)
      .split("\n")
      .slice(0, 4),
  ).toEqual([
    "▲ short",
    "▲ Cannot reach a node at 10.0.0.9:7447: it does not answer, and more and more",
    "  and more and more to say",
    "",
  ]);
  const endless = draw(after(state, short, warning("many words ".repeat(90))), small).split("\n");
  expect(endless[0]).toMatch(/^▲ many words/);
  expect(endless[3]).toMatch(/^ {2}many .*…$/);
  expect(endless[4]).toBe("");
});

test("a job that waits, drains or stops says so above the bar", () => {
  const state = replay(sampleEvents(threeNodes));
  const notice = (view: ViewState) => draw(view, small).split("\n").at(-2);
  expect(notice(state)).toBe("");
  expect(notice(after(state, { type: "job:waiting", missing: 150 }))).toBe("Waiting for a node: 150 frames to go");
  const draining = after(state, { type: "job:draining", running: 3 });
  expect(notice(draining)).toBe("Finishing 3 frames, then stopping; Ctrl-C again stops now");
  const stored: FarmEvent = {
    type: "frame:stored",
    node: "id-0",
    name: "alpha",
    frame: 103,
    seconds: 2,
    stored: 101,
    total: 250,
  };
  expect(notice(after(draining, stored))).toBe("Finishing 2 frames, then stopping; Ctrl-C again stops now");
  expect(notice(stoppingView(draining))).toBe("Stopping now; stored frames are kept");
});

test("when all frames are there, the video is being finished", () => {
  const text = drawSample({ frames: 6, nodes: ["alpha"], stored: 6 }, small);
  expect(text).toContain("100%  6/6 frames  finishing the video");
});

test("of pictures, the view and the summary speak of no video", () => {
  const pictures = { frames: 6, nodes: ["alpha"], makes: "pictures" } as const;
  const during = after(replay(sampleEvents({ ...pictures, stored: 3 })), { type: "encode:postponed", message: "full" });
  const done = replay(sampleEvents({ ...pictures, stored: 6 }));
  const result = { output: "/f/out/", frames: 6, reused: 1, seconds: 9, nodes: [], warnings: [] };
  const summary = summaryLines(done, result, { signs: signsOf(true), columns: 200 }).map((line) => paint(line, false));
  const all = [draw(during, small), drawSample({ ...pictures, stored: 5 }, small), draw(done, small), ...summary];
  for (const text of all) expect(text).not.toMatch(/video|encod/i);
  expect(draw(done, small)).toContain("6/6 frames  finishing the pictures");
  expect(summary[1]).toBe("  6 frames in 9 s, each rendered, checked and in place, 1 of them from an earlier run");
});

test("with more frames than cells, a cell stands for several, and is full only when all of them are done", () => {
  const text = drawSample({ frames: 5_000, nodes: ["alpha"], stored: 71 }, small);
  expect(text).toMatch(/^ {4}1 █{6}▒░+$/m); // 66 of the 71 stored frames fill six cells
  expect(text).toContain("11 frames a cell");
});

test("colour changes nothing but colour", () => {
  const events = sampleEvents(threeNodes);
  const size = { ...small, hasUnicode: true, atMs: 70_000 };
  const colored = renderView(replay(events), { ...size, hasColor: true });
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the escapes are what this is about
  const plain = colored.map((line) => line.replace(/\u001b\[\d+m/g, "").trimEnd());
  expect(plain).toEqual(renderView(replay(events), { ...size, hasColor: false }));
  expect(colored.join("")).toContain("\u001b[32m");
});
