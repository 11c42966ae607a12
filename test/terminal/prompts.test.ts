import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { formatFarmKey } from "../../src/config/farm-key-text.ts";
import { rememberBlend } from "../../src/config/recent.ts";
import { makeFarmKey } from "../../src/core/farm-key.ts";
import type { FakeNodeOptions } from "../support/nodes/fake-node.ts";
import { TerminalLab } from "../support/terminal/terminal-lab.ts";
import { noTmux, TmuxTerminal } from "../support/terminal/tmux.ts";

const open = { key: null } as const;

/** A terminal of 100×30 in a lab with a scene and an open fake node. */
async function openTerminal(options: FakeNodeOptions = open) {
  const lab = await TerminalLab.open();
  const terminal = await TmuxTerminal.open({ columns: 100, rows: 30 });
  await lab.makeBlend("scene.blend", "304", [1, 4]);
  const { node, at } = await lab.serve(options);
  const ended = () => lab.ended(terminal);
  const asks = (question: RegExp) => terminal.until(String(question), (screen) => question.test(screen));
  const close = async () => {
    await terminal[Symbol.asyncDispose]();
    await lab[Symbol.asyncDispose]();
  };
  return { lab, terminal, node, at, ended, asks, [Symbol.asyncDispose]: close };
}

/** Expects that the cursor is back and that typed text shows again. */
async function expectRestored(terminal: TmuxTerminal): Promise<void> {
  expect(await terminal.isCursorShown()).toBe(true);
  await terminal.typeLine("stty -a | tr ' ;' '\\n\\n' | grep -xE -- '-?(icanon|echo|isig)' | tr '\\n' ' '; echo");
  await terminal.until("the terminal's settings", (screen) => /isig .*icanon .*echo\b/.test(screen));
  expect(await terminal.screen()).not.toMatch(/-(isig|icanon|echo)/m);
}

const atBlend = /^\? Blendfile \(type to search, or a path\).*\n❯/m;
const atOutput = /^\? Output/m;
const atFrames = /^\? Frames/m;

describe.skipIf(noTmux !== null)("questions in a real terminal:", { concurrent: true, timeout: 60_000 }, () => {
  test("the blendfile, most recent first and filtered by typing; the output; the frames; then it renders", async () => {
    await using session = await openTerminal();
    const { lab, terminal, node, at, ended, asks } = session;
    for (const name of ["below/meadow.blend", "below/winter.blend", "node_modules/other.blend", "copy.blend1"]) {
      await lab.makeBlend(name, "304", [1, 4]);
    }
    await rememberBlend(lab.configFolder, lab.path("below/winter.blend"));
    await rememberBlend(lab.configFolder, lab.path("gone.blend"));
    await lab.type(terminal, ["--nodes", at, "--plain"]);

    await asks(atBlend);
    const choices = (await asks(/meadow\.blend/)).split("\n").filter((line) => line.endsWith(".blend"));
    expect(choices).toEqual(["❯ below/winter.blend", "  scene.blend", "  below/meadow.blend"]);
    await terminal.typeText("mead");
    const narrowed = await terminal.until("one", (text) => /❯ below\/meadow/.test(text) && !text.includes("winter"));
    expect(narrowed).not.toContain("scene.blend");
    await terminal.press("Enter");

    expect(await asks(atOutput)).toMatch(/^\? Output \(?below\/meadow\.mp4/m);
    await terminal.press("Enter");

    // The nodes were named, so there is no question about them.
    expect(await asks(atFrames)).toMatch(/^\? Frames \(the scene's own, 1-4\)/m);
    expect(node.links).toBe(0); // every question comes before a node is asked for anything
    await terminal.typeText("9-3");
    await terminal.press("Enter");
    expect(await asks(/^> .*9-3/m)).toMatch(atFrames); // it says why it refuses, and the question stays
    for (let letter = 0; letter < 3; letter += 1) await terminal.press("BSpace");
    await terminal.typeText("2-3");
    await terminal.press("Enter");

    expect(await ended()).toBe(0);
    expect([...node.rendered].sort()).toEqual([2, 3]);
    expect(existsSync(lab.path("below/meadow.mp4"))).toBe(true);
    expect(await terminal.screen()).not.toMatch(/render on|Replace/);
    await expectRestored(terminal);
    expect(lab.problems).toEqual([]);
  });

  test.each([
    ["the blendfile", atBlend, 0],
    ["the output", atOutput, 1],
    ["the frames", atFrames, 2],
  ])("Ctrl-C at %s exits quietly with 130 and writes nothing", async (_, question, enters) => {
    await using session = await openTerminal();
    const { lab, terminal, at, ended, asks } = session;
    const before = await lab.listing();
    await lab.type(terminal, ["--nodes", at]);
    for (const passed of [atBlend, atOutput].slice(0, enters)) {
      await asks(passed);
      await terminal.press("Enter");
    }
    await asks(question);

    await terminal.press("C-c");

    expect(await ended()).toBe(130);
    expect(await terminal.screen()).not.toMatch(/Error|\bat .*\.js|ExitPrompt|bug/);
    await expectRestored(terminal);
    expect(await lab.listing()).toEqual(before);
    expect((await lab.leftovers()).processes).toEqual([]);
  });

  test("with blendfile and output given, only before a file is replaced; no asks for another name", async () => {
    await using session = await openTerminal();
    const { lab, terminal, at, ended, asks } = session;
    const given = ["scene.blend", "-o", "film.mp4", "--nodes", at, "--plain"];
    await writeFile(lab.path("film.mp4"), "precious");
    const before = await lab.listing();

    await lab.type(terminal, given);
    await asks(/^\? film\.mp4 exists\. Replace it\?/m);
    await terminal.press("C-c");
    expect(await ended()).toBe(130);
    expect(await lab.listing()).toEqual(before);

    await lab.type(terminal, given);
    await asks(/^\? film\.mp4 exists\. Replace it\? \(y\/N\)/m);
    await terminal.press("Enter");
    await asks(/^\? Output \(film-2\.mp4\)/m);
    await terminal.typeText("film.xyz");
    await terminal.press("Enter");
    await asks(/^> Cannot write this kind of output: \.xyz/m);
    for (let letter = 0; letter < "film.xyz".length; letter += 1) await terminal.press("BSpace");
    await terminal.typeText("film.mp4");
    await terminal.press("Enter");
    await asks(/^\? film\.mp4 exists\. Replace it\? \(y\/N\)/m);
    await terminal.typeText("n");
    await terminal.press("Enter");
    await asks(/^\? Output \(film-2\.mp4\)/m);
    await terminal.press("Enter");
    expect(await ended()).toBe(0);
    expect(await readFile(lab.path("film-2.mp4"), "latin1")).toContain("ftyp");
    expect(await readFile(lab.path("film.mp4"), "utf8")).toBe("precious");

    await lab.type(terminal, given);
    await asks(/^\? film\.mp4 exists\. Replace it\?/m);
    await terminal.typeText("y");
    await terminal.press("Enter");
    expect(await ended()).toBe(0);
    expect(await readFile(lab.path("film.mp4"), "latin1")).toContain("ftyp");
    expect(await terminal.screen(true)).not.toMatch(/\? (Blendfile|Frames)/);
  });

  test("with both given and nothing to replace, none", async () => {
    await using session = await openTerminal();
    const { lab, terminal, at, ended } = session;
    await lab.type(terminal, ["scene.blend", "-o", "film.mp4", "--nodes", at, "--plain"]);
    expect(await ended()).toBe(0);
    expect(await terminal.screen(true)).not.toMatch(/^\?/m);
  });

  test("a missing key is asked for until it is valid, hidden, and kept once the node has accepted it", async () => {
    const [key, other] = [makeFarmKey(), makeFarmKey()];
    await using session = await openTerminal({ key });
    const { lab, terminal, at, ended, asks } = session;
    const given = ["scene.blend", "-o", "film.mp4", "--nodes", at, "--plain"];
    const keyFile = join(lab.configFolder, "key");
    await lab.type(terminal, given);
    await asks(/^\? The farm key/m);
    await terminal.typeText("no-key-189");
    await terminal.press("Enter");
    await asks(/^> Cannot use the farm key from the keyboard: it is not base32 text/m);
    await terminal.press("C-c");
    expect(await ended()).toBe(130);

    await lab.type(terminal, given);
    await asks(/^\? The farm key/m);
    await terminal.typeText(formatFarmKey(other));
    await terminal.press("Enter");
    expect(await ended()).toBe(2);
    expect(existsSync(keyFile)).toBe(false); // no node has accepted it

    await lab.type(terminal, given);
    expect(await asks(/^\? The farm key/m)).toContain(`it has the farm key ${key.id}, and this machine has none`);
    await terminal.typeText(formatFarmKey(key));
    await terminal.press("Enter");
    expect(await ended()).toBe(0);
    expect(await terminal.screen()).toContain(`The farm key ${key.id} is saved in`);
    expect(await terminal.screen(true)).not.toContain(formatFarmKey(key).slice(0, 9));
    expect((await readFile(keyFile, "utf8")).trim()).toBe(formatFarmKey(key));

    await lab.type(terminal, [...given, "--overwrite"]);
    expect(await ended()).toBe(0); // the key is kept now
    expect(await terminal.screen()).not.toMatch(/^\?/m);
  });

  test("a typed key never replaces another one", async () => {
    const [key, mine] = [makeFarmKey(), makeFarmKey()];
    await using session = await openTerminal({ key });
    const { lab, terminal, at, ended, asks } = session;
    await mkdir(lab.configFolder, { recursive: true });
    await writeFile(join(lab.configFolder, "key"), formatFarmKey(mine));
    await lab.type(terminal, ["scene.blend", "-o", "film.mp4", "--nodes", at, "--plain"]);
    await asks(/^\? The farm key/m);
    await terminal.typeText(formatFarmKey(key));
    await terminal.press("Enter");
    expect(await ended()).toBe(0);
    expect(await terminal.screen()).toContain("renderfarm key set --replace");
    expect(await readFile(join(lab.configFolder, "key"), "utf8")).toBe(formatFarmKey(mine));
  });

  test("nothing is asked with --yes, --json, under CI or without a terminal: it names what is missing", async () => {
    await using session = await openTerminal({ key: makeFarmKey() });
    const { lab, terminal, at, ended } = session;
    await writeFile(lab.path("film.mp4"), "precious");
    const before = await lab.listing();
    const quiet: [args: string[], env: Record<string, string>, after: string][] = [
      [["--yes"], {}, ""],
      [["--json"], {}, "2>&1"],
      [[], { CI: "true" }, ""],
      [[], {}, "</dev/null"],
      [[], {}, "2>&1 | cat"],
    ];
    const inputs: [string[], RegExp][] = [
      [["--nodes", at], /--blend is missing/],
      [["scene.blend", "--nodes", at], /--output is missing/],
      [["scene.blend", "-o", "film.mp4", "--nodes", at], /--overwrite/],
      [["scene.blend", "-o", "new.mp4", "--nodes", at], /RENDERFARM_KEY/],
    ];
    for (const [args, env, after] of quiet) {
      // Once in full: one rule decides for all questions whether to ask.
      for (const [given, words] of args.includes("--yes") ? inputs : inputs.slice(1, 2)) {
        await lab.type(terminal, [...given, ...args], env, after);
        expect(await ended()).toBe(2);
        const screen = (await terminal.screen(true)).replaceAll("\n", "");
        expect(screen).toMatch(words);
        expect(screen).not.toMatch(/\? (Blendfile|Output|The farm key|film)/);
        expect(await lab.listing()).toEqual(before);
      }
    }
  });

  test("`key set` asks for the key in a terminal, and Ctrl-C there stores none", async () => {
    await using session = await openTerminal();
    const { lab, terminal, ended, asks } = session;
    const key = makeFarmKey();
    await lab.type(terminal, ["key", "set"]);
    await asks(/^\? The farm key/m);
    await terminal.press("C-c");
    expect(await ended()).toBe(130);
    expect(existsSync(join(lab.configFolder, "key"))).toBe(false);
    await terminal.typeLine("clear"); // otherwise the first question would count as the second one
    await terminal.until("a clear screen", (screen) => !screen.includes("The farm key"));
    await lab.type(terminal, ["key", "set"]);
    await asks(/^\? The farm key/m);
    await terminal.typeText(formatFarmKey(key));
    await terminal.press("Enter");
    expect(await ended()).toBe(0);
    expect((await readFile(join(lab.configFolder, "key"), "utf8")).trim()).toBe(formatFarmKey(key));
    expect(await terminal.screen(true)).not.toContain(formatFarmKey(key).slice(0, 9));
  });
});
