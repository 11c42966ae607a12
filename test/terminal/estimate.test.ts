import { existsSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { TerminalLab } from "../support/terminal/terminal-lab.ts";
import { noTmux, TmuxTerminal } from "../support/terminal/tmux.ts";

if (noTmux !== null) console.warn(`Skipped: ${noTmux}`);

/** An open fake node on which one frame of a film takes four times as long as the others. */
async function openFilm() {
  const lab = await TerminalLab.open();
  const blend = await lab.makeBlend("duck.blend");
  const { node, at } = await lab.serve({
    ...{ key: null, name: "attic", slots: 2, scene: { frameEnd: 48 } },
    claim: ({ frame }) => ({ seconds: frame === 9 ? 8 : 2 }),
  });
  const given = [blend, "-o", "out.mp4", "--nodes", at, "--estimate"];
  return { lab, node, given, [Symbol.asyncDispose]: () => lab[Symbol.asyncDispose]() };
}

// 45 frames on two slots, in 23 rounds of 4 s (2 s, 8 s).
const estimate = "48 frames, about 1:32 on 1 node, 46 s to 3:04 (3 frames took 2.0 to 8.0 s each)";
const asked = `${estimate}. Render the other 45 frames?`;

describe("where nobody can be asked, --estimate", () => {
  test("says how long the job takes, renders three frames, and exits with 0; the job then uses them", async () => {
    await using film = await openFilm();
    const { lab, node, given } = film;
    const { exitCode, stdout } = await lab.renderfarm(given);
    expect(exitCode).toBe(0);
    expect(stdout.split("\n").slice(-2)).toEqual([
      estimate,
      "45 frames not rendered; the same command without --estimate renders the rest",
    ]);
    expect([...node.rendered].sort((one, other) => one - other)).toEqual([9, 25, 41]);
    expect(existsSync(lab.path("out.mp4"))).toBe(false);
    const report = await lab.renderfarm(["report", "out.mp4.renderfarm"]);
    expect(report.stdout).toMatch(/^duck of .*\nEstimated: 3 of 48 frames stored, missing: /);

    const json = await lab.renderfarm([...given, "--json"]);
    expect(json.exitCode).toBe(0);
    const lines = json.stdout.split("\n").map((line) => JSON.parse(line) as Record<string, unknown>);
    const wanted = { frames: 48, stored: 3, nodes: 1, slots: 2, seconds: [2, 2, 8], etaMs: 92_000 };
    expect(lines.at(-1)).toMatchObject({ type: "job:estimated", ...wanted });
    expect(lines.filter(({ type }) => type === "frame:started")).toEqual([]);

    const rest = await lab.renderfarm(given.filter((word) => word !== "--estimate"));
    expect(rest.exitCode).toBe(0);
    expect(node.rendered).toHaveLength(48);
    expect(lab.problems).toEqual([]);
  });
});

describe.skipIf(noTmux !== null)("in a real terminal, --estimate", { concurrent: true, timeout: 60_000 }, () => {
  test("asks: no ends with 0, Ctrl-C with 130, and yes renders the rest", async () => {
    await using film = await openFilm();
    const { lab, node, given } = film;
    await using terminal = await TmuxTerminal.open({ columns: 140, rows: 30 });
    const asks = () => terminal.until("the question", (screen) => screen.replaceAll(/\s+/g, " ").includes(asked));
    await lab.type(terminal, given);
    await asks();
    expect(node.rendered).toHaveLength(3);
    await terminal.typeLine("n");
    expect(await lab.ended(terminal)).toBe(0);
    expect(await terminal.screen()).toContain("the same command without --estimate renders the rest");

    await lab.type(terminal, given);
    await asks();
    await terminal.press("C-c");
    expect(await lab.ended(terminal)).toBe(130);
    expect(await terminal.screen()).not.toMatch(/Error|\bat .*\.js|ExitPrompt|bug/);
    expect(await terminal.isCursorShown()).toBe(true);
    expect(node.rendered).toHaveLength(3);

    await lab.type(terminal, given);
    await asks();
    await terminal.press("Enter");
    expect(await lab.ended(terminal)).toBe(0);
    expect(node.rendered).toHaveLength(48);
    expect(existsSync(lab.path("out.mp4"))).toBe(true);
    expect(lab.problems).toEqual([]);
  });

  test("with --yes in the live view leaves the estimate on the screen, and asks nothing", async () => {
    await using film = await openFilm();
    await using terminal = await TmuxTerminal.open({ columns: 140, rows: 30 });
    await film.lab.type(terminal, [...film.given, "--yes"]);
    expect(await film.lab.ended(terminal)).toBe(0);
    const screen = await terminal.screen();
    expect(screen).toContain(estimate);
    expect(screen).not.toMatch(/^\?/m);
  });
});
