import { describe, expect, test } from "vitest";
import { widthOf } from "../../src/cli/display-width.ts";
import { TerminalLab } from "../support/terminal/terminal-lab.ts";
import { noTmux, TmuxTerminal } from "../support/terminal/tmux.ts";

const small = { columns: 80, rows: 24 };
const folder = "films-of-the-year-2026/".repeat(4);

describe.skipIf(noTmux !== null)("in a real terminal of 80×24", { concurrent: true, timeout: 60_000 }, () => {
  test("an error and its hint are wrapped at words, and a long path stays whole", async () => {
    await using lab = await TerminalLab.open();
    await using terminal = await TmuxTerminal.open(small);
    await lab.type(terminal, [`${folder}scene.blend`, "-o", "film.mp4"]);
    expect(await lab.ended(terminal)).toBe(2);

    const screen = await terminal.screen(true);
    const lines = screen.split("\n");
    const start = lines.findIndex((line) => line.startsWith("Error: Cannot find the blendfile"));
    expect(lines[start]).toBe("Error: Cannot find the blendfile:");
    expect(screen.replaceAll("\n", "")).toContain(`${folder}scene.blend`); // only the terminal breaks it
    const at = lines.findIndex((line) => line.startsWith("  Check the path"));
    const hint = lines.slice(at, at + 2);
    for (const line of hint) expect(line).toMatch(/^ {2}\S/);
    expect(hint.map((line) => line.trim()).join(" ")).toBe(
      "Check the path given with --blend; it is relative to the folder in which the command runs",
    );
  });

  test("a note is wrapped at words in the live view, and again in the summary, with its hint", async () => {
    await using lab = await TerminalLab.open();
    await using terminal = await TmuxTerminal.open(small);
    await lab.makeBlend("scene.blend");
    const { at } = await lab.serve({ key: null, name: "attic" });
    await lab.type(terminal, ["scene.blend", "-o", "film.mp4", "--nodes", `${at},127.0.0.1:1`]);
    expect(await lab.ended(terminal)).toBe(0);

    const lines = (await terminal.screen(true)).split("\n");
    const start = lines.findIndex((line) => line.startsWith("▲ Cannot reach a node at 127.0.0.1:1"));
    expect(lines[start]).toBe("▲ Cannot reach a node at 127.0.0.1:1: nothing is listening there");
    expect(lines[start + 1]).toMatch(/^ {2}Check that the node is running/);
    for (const line of lines) expect(widthOf(line)).toBeLessThanOrEqual(small.columns);
  });

  test("with its output in a file, nothing is wrapped", async () => {
    await using lab = await TerminalLab.open();
    const { stderr } = await lab.renderfarm([`${folder}scene.blend`, "-o", "film.mp4"]);
    expect(stderr.split("\n").length).toBe(2);
    expect(stderr).toContain("Error: Cannot find the blendfile: ");
  });
});
