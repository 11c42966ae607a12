import { expect, test } from "vitest";
import { widthOf } from "../../../src/cli/display-width.ts";
import { listedFrames } from "../../../src/cli/live/frame-cells.ts";
import { signsOf } from "../../../src/cli/live/line.ts";
import { renderView } from "../../../src/cli/live/render-view.ts";
import { slotRows } from "../../../src/cli/live/slot-table.ts";
import { brokenLines } from "../../../src/cli/live/summary.ts";
import { tidy } from "../../../src/cli/live/tidy.ts";
import { viewStateOf } from "../../../src/cli/live/view-reducer.ts";
import { emptyView, runningFrames, type ViewState } from "../../../src/cli/live/view-state.ts";
import type { FarmEvent } from "../../../src/index.ts";
import { Dice } from "../../support/simulation/simulate-dice.mjs";
import { replay, sampleEvents } from "./sample-events.ts";

const alpha = { node: "id-0", name: "alpha" };
const beta = { node: "id-1", name: "beta" };
const started = replay(sampleEvents({ frames: 10, nodes: ["alpha", "beta"], stored: 2 }));

function after(state: ViewState, ...events: FarmEvent[]): ViewState {
  return events.reduce((view, event) => viewStateOf(view, event, 10_000), state);
}

function stored(named: typeof alpha, frame: number, seconds = 2): FarmEvent {
  return { type: "frame:stored", ...named, frame, seconds, stored: 3, total: 10 };
}

test("a slot that starts the next frame still gets credit for the previous one", () => {
  const state = after(started, { type: "frame:started", ...alpha, frame: 5, slot: 0 }, stored(alpha, 3, 7));
  const [row] = slotRows(state, 10_000);
  expect(row).toMatchObject({ name: "alpha", frame: 5, frames: 2, averageSeconds: 4.5, word: "rendering" });
  expect(state.slowest).toEqual({ frame: 3, seconds: 7, name: "alpha" });
});

test("a lost node's frames are queued again, except one that another node also renders", () => {
  const twice = after(started, { type: "frame:started", ...beta, frame: 3, slot: 1 });
  const state = after(twice, { type: "node:lost", ...beta, message: "gone" });
  expect(state.cells.statusOf(3)).toBe("rendering"); // by alpha
  expect(state.cells.statusOf(4)).toBe("queued");
  expect(slotRows(state, 0).map(({ word }) => word)).toEqual(["rendering", "lost"]);
});

test("failed frames are counted by reason, and only a limited number of reasons is kept", () => {
  const events = Array.from({ length: 1_000 }, (_, index): FarmEvent => {
    return { type: "frame:failed", frame: index, code: "X", message: `reason ${index}`, hint: "" };
  });
  const { failures } = after(started, ...events, {
    type: "frame:failed",
    frame: 1,
    code: "X",
    message: "reason 1",
    hint: "",
  });
  expect(failures.size).toBe(201);
  expect(failures.get("reason 1")?.frames).toEqual([1, 1]);
  expect(failures.get("for other reasons")?.frames).toHaveLength(800);
});

test("a stored frame stays stored, whatever late attempts do", () => {
  const late: FarmEvent[] = [
    { type: "frame:started", ...beta, frame: 3, slot: 0 },
    { type: "frame:requeued", ...beta, frame: 3, code: null, reason: "late" },
    { type: "frame:failed", frame: 3, code: "X", message: "late", hint: "" },
  ];
  expect(after(started, stored(alpha, 3), ...late).cells.statusOf(3)).toBe("stored");
});

test("a stored frame that FFmpeg refuses is queued again, its node is named, and encoding starts over", () => {
  const told = { frame: 3, message: "no data", file: "refused/0000003.png" };
  const progressed = { stored: 1, total: 9, nodes: 2, running: 1, encoded: 3, etaMs: null, etaRangeMs: null } as const;
  const state = after(...[started, stored(alpha, 3), { type: "job:progressed", ...progressed } as const], {
    type: "frame:refused",
    ...alpha,
    ...told,
  });
  expect(state.cells.statusOf(3)).toBe("queued");
  expect(state.encoded).toBe(0);
  expect(JSON.stringify([...state.notes])).toContain("FFmpeg refuses frame 3, which alpha rendered: no data");
  expect(
    after(started, stored(alpha, 3), { type: "frame:refused", ...alpha, ...told }, stored(alpha, 3)).cells.statusOf(3),
  ).toBe("stored");
});

test("a stored frame frees every slot that was rendering it", () => {
  const state = after(started, { type: "frame:started", ...beta, frame: 3, slot: 0 }, stored(alpha, 3));
  expect(slotRows(state, 0).map(({ word }) => word)).toEqual(["idle", "idle"]);
  expect(runningFrames(state)).toBe(0);
});

test("frames of an earlier run are stored from the start", () => {
  const state = after(started, { type: "job:resumed", stored: 4, range: "5-7,10" });
  expect([4, 5, 6, 7, 8, 9, 10].map((frame) => state.cells.statusOf(frame))).toEqual([
    "rendering",
    "stored",
    "stored",
    "stored",
    "queued",
    "queued",
    "stored",
  ]);
});

test("reports about frames and slots that do not exist change nothing", () => {
  const wrong: FarmEvent[] = [
    { type: "frame:started", ...alpha, frame: 99, slot: 1e9 },
    { type: "frame:failed", frame: -5, code: "X", message: "m", hint: "" },
    stored(alpha, 77),
  ];
  const state = after(started, ...wrong);
  expect(state.cells.countOf("stored")).toBe(2);
  expect(slotRows(state, 0).length).toBe(2);
});

test("waiting ends when a node joins; draining does not", () => {
  const waiting = after(started, { type: "job:waiting", missing: 8 });
  expect(after(waiting, { type: "node:joined", ...beta, blender: "4.3" }).phase).toBe("working");
  const draining = after(started, { type: "job:draining", running: 2 }, { type: "job:waiting", missing: 8 });
  expect(draining.phase).toBe("draining");
});

test("frame lists are read in the form that events use", () => {
  expect(listedFrames("1-3,30,40-46x2,-10--8")).toEqual([1, 2, 3, 30, 40, 42, 44, 46, -10, -9, -8]);
  expect(listedFrames("")).toEqual([]);
});

test("tidied texts have one line, no control characters and a known width", () => {
  expect(tidy("a\u001b[31m\r\nb\u202e")).toBe("a\\u001b[31m b\\u202e");
  expect(tidy("👩‍🚀👍🏽❤️🇩🇪\ud800")).toBe("👩👍❤DE\ufffd");
  expect(["日本", "👩", "é", "e\u0301", "ｱ", "ﾞ"].map((text) => widthOf(tidy(text)))).toEqual([4, 2, 1, 1, 1, 1]);
});

test("for any events in any order the view fits the terminal", () => {
  const dice = new Dice(7);
  const random = () => dice.next();
  const pick = <T>(items: readonly T[]): T => dice.pick(items);
  const names = ["alpha", "日本のレンダー機", "👩‍🚀 x", "\u001b[2Jevil", "y".repeat(500), "a\u0301\u0301\u0301\u0301b"];
  for (let run = 0; run < 40; run++) {
    let state = emptyView(0);
    for (let step = 0; step < 120; step++) {
      const index = Math.floor(random() * names.length);
      const named = { node: `id-${index}`, name: names[index] ?? "" };
      const text = `${pick(names)} ${pick(names)}`;
      const frame = Math.floor(random() * 400) - 20;
      const slot = Math.floor(random() * 3);
      const count = Math.floor(random() * 300);
      const sent = {
        sizeBytes: 300,
        bytesPerSecond: random() < 0.5 ? null : count,
        etaMs: random() < 0.5 ? null : count,
      };
      const events: FarmEvent[] = [
        {
          ...{ type: "job:started", blend: `/x/${text}`, output: `/y/${text}`, folder: "/f", makes: "pictures" },
          overrides: { camera: text },
        },
        { type: "node:found", ...named, address: "h:1", blender: text, slots: 1 + slot },
        { type: "node:uploading", ...named, ...sent, haveBytes: count, filesLeft: count % 3 },
        { type: "node:receiving", ...named, ...sent, haveBytes: count, filesLeft: count % 2 },
        { type: "node:joined", ...named, blender: "4.3.2" },
        { type: "node:lost", ...named, message: text },
        { type: "node:barred", ...named, reason: text },
        { type: "node:busy", ...named, holder: text, job: text },
        { type: "frame:started", ...named, frame, slot },
        { type: "frame:progressed", ...named, frame, slot, fraction: random() },
        { type: "frame:stored", ...named, frame, seconds: random() * 1e5, stored: count, total: 300 },
        { type: "frame:requeued", ...named, frame, code: null, reason: text },
        { type: "frame:failed", frame, code: "X", message: text, hint: text },
        {
          type: "job:progressed",
          stored: count,
          total: 300,
          nodes: 1,
          running: 1,
          encoded: count,
          etaMs: count * 1e6,
          etaRangeMs: [count, count * 3e6],
        },
        { type: "warning", code: "X", message: text, name: pick(names) },
        { type: "job:waiting", missing: count },
        { type: "encode:postponed", message: text },
        { type: "job:resumed", stored: 3, range: "5-7" },
      ];
      if (step % 40 === 10) {
        const scene = { scene: text, frames: 400, range: "-20-379", firstFrame: -20, lastFrame: 379, fps: "24" };
        state = viewStateOf(state, { type: "scene:read", ...scene, width: 1, height: 1, engine: text }, step);
      }
      state = viewStateOf(state, pick(events), step * 100);
      const columns = 1 + Math.floor(random() * 220);
      const rows = 1 + Math.floor(random() * 60);
      const lines = renderView(state, { columns, rows, hasColor: false, hasUnicode: random() < 0.5, atMs: step * 100 });
      expect(lines.length).toBeLessThan(rows);
      expect(Math.max(0, ...lines.map(widthOf))).toBeLessThanOrEqual(columns);
      // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what must not be there
      expect(lines.join("")).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/);
    }
    const { cells } = state;
    const counts = (["queued", "rendering", "stored", "failed"] as const).map((status) => cells.countOf(status));
    expect(counts.reduce((sum, count) => sum + count)).toBe(cells.frames.length);
    expect(Math.min(...counts)).toBeGreaterThanOrEqual(0);
  }
});

const noteTexts = (state: ViewState) => [...state.notes.values()].map(({ text }) => text);

test("the summary does not repeat alarms that are over, and keeps those that are not", () => {
  const about = (name: string) => ({ name, message: `Cannot reach a node at ${name}` });
  const told = after(
    started,
    { type: "node:unreachable", ...about("alpha"), hint: "Look" },
    { type: "node:unreachable", ...about("gamma"), hint: "Look" },
    { type: "node:excluded", ...about("delta"), message: "Cannot use it", code: "FARM_KEY_UNUSABLE", hint: "" },
    { type: "node:barred", ...beta, reason: "3 failures in a row" },
    { type: "encode:postponed", message: "the disk is full" },
  );
  expect(noteTexts(told)).toHaveLength(5);
  const over = after(
    told,
    { type: "alarm:ended", ...about("alpha"), was: "unreachable" },
    { type: "alarm:ended", name: "delta", message: "Cannot use it", was: "excluded" },
    { type: "node:forgiven", ...beta },
  );
  expect(noteTexts(over)).toEqual([
    "Cannot reach a node at gamma",
    "Encoding is postponed until all frames are stored: the disk is full",
  ]);
  expect(over.notices.map(({ text }) => text)).toContain("Node alpha answers now");
  const whole = { output: "out.mp4", frames: 10, reused: 0, seconds: 1, nodes: [], warnings: [] };
  expect(noteTexts(after(over, { type: "job:completed", ...whole }))).toEqual(["Cannot reach a node at gamma"]);
});

test("an alarm that comes again is in the summary again", () => {
  const about = { name: "alpha", message: "Cannot reach alpha" };
  const unreachable: FarmEvent = { type: "node:unreachable", ...about, hint: "" };
  const ended: FarmEvent = { type: "alarm:ended", ...about, was: "unreachable" };
  expect(noteTexts(after(started, unreachable, ended))).toEqual([]);
  expect(noteTexts(after(started, unreachable, ended, unreachable))).toEqual(["Cannot reach alpha"]);
});

test("after a failed job, the view does not repeat what the error below it lists", () => {
  const about = (name: string) => ({
    name,
    message: `Cannot reach a node at ${name}: it does not answer`,
    hint: "Look",
  });
  const state = after(
    started,
    { type: "node:unreachable", ...about("attic") },
    { type: "node:unreachable", ...about("cellar") },
  );
  const error = `Cannot render: no node can be used\n  ${about("attic").message}`;
  const lines = brokenLines(state, error, { signs: signsOf(true), columns: 80 });
  const text = lines
    .flat()
    .map((piece) => piece.text)
    .join("");
  expect(text).toContain(about("cellar").message);
  expect(text).not.toContain(about("attic").message);
});
