import { randomUUID } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { widthOf } from "../../src/cli/display-width.ts";
import type { CompletedJob } from "../../src/index.ts";
import { fortyNodes, type Sample, sampleEvents } from "../cli/live/sample-events.ts";
import { makeTemporaryFolder, type TemporaryFolder } from "../support/temporary-folder.ts";
import { noTmux, TmuxTerminal } from "../support/terminal/tmux.ts";
import { compileProgram } from "../support/terminal/tmux-program.ts";

const threeNodes = { frames: 250, nodes: ["alpha", "日本のレンダー機", "gamma"], stored: 100 };
const manyNodes = { frames: 5_000, nodes: fortyNodes, stored: 200 };
const small = { columns: 80, rows: 24 };
const large = { columns: 200, rows: 60 };

describe.skipIf(noTmux !== null)("the live view in a real terminal", { concurrent: true, timeout: 30_000 }, () => {
  let folder: TemporaryFolder;
  let program: string;

  beforeAll(async () => {
    folder = await makeTemporaryFolder();
    const replay = fileURLToPath(new URL("../cli/live/replay.mjs", import.meta.url));
    program = await compileProgram(replay, "src/cli/live", folder.path);
  }, 60_000);
  afterAll(() => folder?.[Symbol.asyncDispose]());

  /** Starts the replay of a sample in the terminal. */
  async function start(terminal: TmuxTerminal, sample: Sample, ...ending: string[]): Promise<void> {
    const file = join(folder.path, `${randomUUID()}.json`); // the tests run at the same time
    await writeFile(file, JSON.stringify(sampleEvents(sample)));
    const words = [process.execPath, program, file, ...ending].map((word) => `'${word}'`);
    await terminal.typeLine(`clear; ${words.join(" ")}; echo "ended with $?"`);
  }

  test.each([small, large])("$columns×$rows: only the view, its bar at the bottom, each line once", async (size) => {
    await using terminal = await TmuxTerminal.open(size);
    await start(terminal, threeNodes, "wait");

    const screen = await terminal.until("all events", isAt("100/250"));

    expectOneView(screen, threeNodes.nodes);
    for (const line of screen.split("\n")) expect(widthOf(line)).toBeLessThanOrEqual(size.columns);
    expect(await terminal.isCursorShown()).toBe(false);
    const whole = await terminal.screen(true); // a moment later: its times are others
    expect(whole.split("\n").length).toBe(screen.split("\n").length); // nothing scrolled away
    expect(whole.match(/^renderfarm/gm)).toHaveLength(1);
  });

  test("forty nodes at 80×24 fill the screen and push nothing off it", async () => {
    await using terminal = await TmuxTerminal.open(small);
    await start(terminal, manyNodes, "wait");

    const screen = await terminal.until("all events", isAt("200/5000"));

    expect(screen.split("\n").length).toBeLessThan(small.rows);
    expect(screen).toMatch(/^… and \d+ more: \d+ rendering$/m);
    expect(screen).toContain("36 frames a cell");
    expect((await terminal.screen(true)).split("\n").filter((line) => line.startsWith("renderfarm")).length).toBe(1);
  });

  test("a terminal that shrinks and grows again shows one view, and no remains of earlier ones", async () => {
    await using terminal = await TmuxTerminal.open({ columns: 120, rows: 40 });
    await start(terminal, threeNodes, "wait");
    await terminal.until("all events", isAt("100/250"));

    for (const size of [small, { columns: 50, rows: 30 }, { columns: 150, rows: 40 }]) {
      await terminal.resize(size);
      const screen = await terminal.until("a view of the new width", (text) => {
        const bar = text.split("\n").at(-1) ?? "";
        return isAt("100/250")(text) && widthOf(bar) > size.columns - 12 && widthOf(bar) <= size.columns;
      });
      expectOneView(screen, ["gamma"]);
    }
  });

  test("log lines appear above the view, whole and in order", async () => {
    await using terminal = await TmuxTerminal.open(small);
    await start(terminal, threeNodes, "log");
    await terminal.until("all events", isAt("100/250"));

    const screen = await terminal.screen(true);

    const lines = screen.split("\n");
    const logged = lines.filter((line) => line.includes("WARN"));
    expect(logged.length).toBe(5);
    for (const line of logged) expect(line).toMatch(/^WARN: line \d+ of the log$/);
    expect(lines.lastIndexOf(logged.at(-1) ?? "")).toBeLessThan(
      lines.findIndex((line) => line.startsWith("renderfarm")),
    );
    expectOneView(screen, threeNodes.nodes);
  });

  test("new lines above the view leave the lines below whole", async () => {
    await using terminal = await TmuxTerminal.open({ columns: 100, rows: 40 });
    await start(terminal, threeNodes, "grow");
    const screen = await terminal.until("all warnings", (text) => text.includes("warning 4") && isAt("100/250")(text));

    expect(screen.split("\n").slice(0, 4)).toEqual([1, 2, 3, 4].map((count) => `▲ warning ${count}`));
    expectOneView(screen, threeNodes.nodes);
  });

  test("Ctrl-C says what it does; the second ends with a summary and the cursor back", async () => {
    await using terminal = await TmuxTerminal.open(small);
    await start(terminal, threeNodes, "wait");
    await terminal.until("all events", isAt("100/250"));

    await terminal.press("C-c");
    const draining = await terminal.until("draining", (screen) => screen.includes("Ctrl-C again stops now"));
    expectOneView(draining, threeNodes.nodes);
    expect(draining).toContain("Finishing 3 frames, then stopping; Ctrl-C again stops now");
    expect(draining).not.toContain("^C");
    await terminal.press("C-c");
    await terminal.until("the end", (screen) => screen.includes("ended with 130"));

    expect(await terminal.isCursorShown()).toBe(true);
    const after = await terminal.screen(true);
    expect(after).toContain("Stopped with 150 frames to go; 100 of 250 are stored");
    expect(after).toContain("The same command continues from here");
    expect(after).not.toContain("100/250 frames");
    await terminal.typeLine("echo typed text shows");
    await terminal.until("what is typed", (screen) => screen.includes("$ echo typed text shows"));
  });

  test("a finished job leaves its summary and nothing else", async ({ expect }) => {
    await using terminal = await TmuxTerminal.open(small);
    const result: CompletedJob = {
      ...{ type: "completed", output: "/home/ada/films/meadow.mp4", frames: 100, reused: 0, seconds: 70 },
      nodes: [
        { node: "id-0", name: "alpha", blender: "4.3.2", frames: 60, renderSeconds: 120 },
        { node: "id-1", name: "日本のレンダー機", blender: "4.3.2", frames: 40, renderSeconds: 78 },
      ],
      warnings: ["The GPU is not used (alpha)"],
    };
    await start(terminal, { ...threeNodes, frames: 100 }, "finish", JSON.stringify(result));
    const screen = await terminal.until("the end", (text) => text.includes("ended with 0"));

    expect(screen).toMatchInlineSnapshot(`
      "✓ /home/ada/films/meadow.mp4
        100 frames in 1:10 (4.2 s of video), each rendered, checked and in the video

        node              frames  per frame  share  Blender
        alpha                 60      2.0 s    60%  4.3.2    ━━━━━━━━━━━━
        日本のレンダー機      40      1.9 s    40%  4.3.2    ━━━━━━━━

        Slowest frame: 1, 2.0 s on alpha
        Rendering time: 3:18 in all, 2.8 times the time that passed

      ▲ The GPU is not used (alpha)
      ended with 0
      $"
    `);
    expect(await terminal.isCursorShown()).toBe(true);
  });

  test("an uncaught exception appears below the last view, with the cursor back", async () => {
    await using terminal = await TmuxTerminal.open(small);
    await start(terminal, threeNodes, "throw");
    const screen = await terminal.until("the end", (text) => text.includes("ended with 1"));

    expect(await terminal.isCursorShown()).toBe(true);
    expect(screen).toContain("Error: a bug of the replay");
    expect(screen).toContain("100 of 250 frames stored");
  });
});

function isAt(count: string): (screen: string) => boolean {
  return (screen) => screen.split("\n").at(-1)?.includes(`${count} frames`) ?? false;
}

/** One header, one bar, one row per node: no remains of an earlier drawing. */
function expectOneView(screen: string, nodes: readonly string[]): void {
  const lines = screen.split("\n");
  const count = (isOne: (line: string) => boolean) => lines.filter(isOne).length;
  expect(count((line) => line.startsWith("renderfarm"))).toBe(1);
  expect(count((line) => /\d+\/\d+ frames/.test(line))).toBe(1);
  expect(count((line) => /^ *█ \d+ encoded/.test(line))).toBe(1);
  for (const node of nodes) expect(count((line) => line.startsWith(`● ${node} `))).toBe(1);
}
