import { mkdir, writeFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { farmLabProblem, skipBecause } from "../support/lab/lab.ts";
import { startLabNode } from "../support/lab/lab-node.ts";
import { NetworkLab } from "../support/lab/network-lab.ts";
import { TerminalLab } from "../support/terminal/terminal-lab.ts";
import { noTmux, TmuxTerminal } from "../support/terminal/tmux.ts";

const given = ["scene.blend", "-o", "film.mp4"];

/** A terminal in a project folder that came with a farmspec of an open node. */
async function openProject() {
  const lab = await TerminalLab.open();
  const terminal = await TmuxTerminal.open({ columns: 160, rows: 30 });
  await lab.makeBlend("scene.blend");
  const { node, at } = await lab.serve({ key: null });
  const [host, port] = at.split(":");
  const listed = { id: node.id, name: "att\u001b[2Jic", host, port: Number(port) };
  await writeFile(lab.path("farmspec.json"), JSON.stringify({ nodes: [listed], discover: false }));
  const question = new RegExp(`^\\? 'att.*ic' \\(${node.id.slice(0, 8)}\\) at ${at} is open: .*\\(y/N\\)`, "m");
  const asks = () => terminal.until("the question", (screen) => question.test(screen));
  const close = async () => {
    await terminal[Symbol.asyncDispose]();
    await lab[Symbol.asyncDispose]();
  };
  return { lab, terminal, node, at, asks, ended: () => lab.ended(terminal), [Symbol.asyncDispose]: close };
}

const problem = noTmux ?? farmLabProblem;

test.skipIf(skipBecause(problem))(
  "an open node that was ticked is not asked about again, in this run or later ones",
  async () => {
    await using network = await NetworkLab.open("desk", "attic");
    await using lab = await TerminalLab.open();
    await using terminal = await TmuxTerminal.open({ columns: 160, rows: 30 });
    lab.on = network.on("desk");
    await lab.makeBlend("scene.blend", "280"); // a real Blender cannot open it, but the node only has to receive it
    await mkdir(lab.path("nodes"));
    const place = { on: network.on("attic"), env: lab.environment, folder: lab.path("nodes"), more: ["--open"] };
    const node = await startLabNode("attic", "python3", place);
    const host = network.addressOf("attic");

    await lab.type(terminal, ["scene.blend", "--plain"]);
    await terminal.until("the output", (screen) => /^\? Output/m.test(screen));
    await terminal.press("Enter");
    await terminal.until("the frames", (screen) => /^\? Frames \(the scene's own\)/m.test(screen));
    await terminal.press("Enter");
    const open = /◯ attic \(10\.77\.0\.12:\d+, .*open: no key protects it\)/;
    await terminal.until("the nodes", (screen) => open.test(screen));
    await terminal.press("Space");
    await terminal.press("Enter");
    expect(await lab.ended(terminal)).toBe(2);
    const screen = await terminal.screen(true);
    expect(screen).toMatch(/Cannot open the blendfile on attic/);
    expect(screen).not.toMatch(/Render on it\?/);
    // Before the job it says what it will write. The open node would not be found again by itself, so it is named.
    const said = screen.replaceAll("\n", "");
    expect(said).toMatch(
      /These nodes will be listed in farmspec\.json here, so that .*--no-save-farmspec prevents that/,
    );
    expect(said).toContain(`  renderfarm --blend scene.blend --output scene.mp4 --nodes ${host}:${node.port} --plain`);

    const listed = { id: node.id, host, port: node.port };
    await writeFile(lab.path("farmspec.json"), JSON.stringify({ nodes: [listed] }));
    const later = await lab.renderfarm([...given, "--json"]);
    expect(later.stdout).toMatch(/"job:failed".*"FARM_NOT_A_BLEND"/);
    node.child.stdin?.end();
    await node.ended;
  },
  90_000,
);

describe.skipIf(noTmux !== null)("an open node in a farmspec", { concurrent: true, timeout: 60_000 }, () => {
  test.each([["lines", ["--plain"]] as const, ["the live view", []] as const])(
    "is asked about by name and address, with %s: no is the default, Ctrl-C leaves, and yes is remembered",
    async (_, how) => {
      await using project = await openProject();
      const { lab, terminal, node, asks, ended } = project;
      const before = await lab.listing();
      await lab.type(terminal, [...given, ...how]);
      await asks();
      expect(await terminal.isCursorShown()).toBe(true);
      await terminal.press("Enter");
      expect(await ended()).toBe(2);
      expect((await terminal.screen(true)).replaceAll("\n", "")).toMatch(/Error: Cannot use .*--nodes/);

      await lab.type(terminal, [...given, ...how]);
      await asks();
      await terminal.press("C-c");
      expect(await ended()).toBe(130);
      expect(await terminal.screen()).not.toMatch(/Error|\bat .*\.js|ExitPrompt|bug/);
      expect(await terminal.isCursorShown()).toBe(true);
      expect(node.heard).toEqual([]);
      expect(await lab.listing()).toEqual(before);

      await lab.type(terminal, [...given, ...how]);
      await asks();
      await terminal.typeText("y");
      await terminal.press("Enter");
      expect(await ended()).toBe(0);
      expect(node.rendered.length).toBe(4);
      expect(await terminal.screen()).toMatch(/4 frames/);

      await lab.type(terminal, [...given, ...how, "--overwrite", "--fresh"]);
      expect(await ended()).toBe(0);
      expect(await terminal.screen()).not.toMatch(/^\?/m);
      expect(lab.problems).toEqual([]);
    },
  );

  test("is an error where nobody can be asked, before any node gets anything; --nodes is the solution", async () => {
    await using project = await openProject();
    const { lab, terminal, node, at, ended } = project;
    const before = await lab.listing();
    const quiet: [args: string[], env: Record<string, string>, after: string][] = [
      [["--yes"], {}, ""],
      [[], { CI: "true" }, ""],
      [[], {}, "</dev/null"],
    ];
    for (const [args, env, after] of quiet) {
      await lab.type(terminal, [...given, ...args], env, after);
      expect(await ended()).toBe(2);
      const screen = (await terminal.screen(true)).replaceAll("\n", "");
      expect(screen).toContain(`--nodes ${at}`);
      expect(screen).not.toMatch(/Render on it/);
    }
    const json = await lab.renderfarm([...given, "--json"]);
    expect(json.exitCode).toBe(2);
    expect(JSON.parse(json.stdout.split("\n").at(-1) ?? "")).toMatchObject({
      ...{ type: "job:failed", code: "FARM_NODE_OPEN", hint: expect.stringContaining(`--nodes ${at}`) },
    });
    expect(node.heard).toEqual([]);
    expect(await lab.listing()).toEqual(before);

    expect(await lab.renderfarm([...given, "--nodes", at])).toMatchObject({ exitCode: 0 });
    const again = [...given, "--overwrite", "--fresh"];
    const named = await lab.renderfarm(again, { env: { RENDERFARM_NODES: at } });
    expect([named.exitCode, node.rendered.length], named.stderr).toEqual([0, 8]);
    expect((await lab.renderfarm(again)).exitCode).toBe(2); // naming it once does not approve the farmspec
  });
});
