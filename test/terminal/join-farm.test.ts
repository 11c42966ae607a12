import { existsSync } from "node:fs";
import { copyFile, readFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { describe, expect, test } from "vitest";
import { blenderPath } from "../support/blender.ts";
import { farmLabProblem, skipBecause } from "../support/lab/lab.ts";
import { NetworkLab } from "../support/lab/network-lab.ts";
import { TerminalLab } from "../support/terminal/terminal-lab.ts";
import { noTmux, TmuxTerminal } from "../support/terminal/tmux.ts";
import { waitFor } from "../support/wait-for.ts";

/** Lines of 80 columns are broken by the program and by the terminal. */
function inOneLine(screen: string): string {
  return screen
    .replace(/^(.{80})\n/gm, "$1") // in the middle of a word
    .replace(/\s+/g, " ")
    .trim();
}

/** A machine with a terminal on it. Everything that a person does there is counted. */
class Machine implements AsyncDisposable {
  readonly name: string;
  readonly lab: TerminalLab;
  readonly terminal: TmuxTerminal;
  actions = 0;

  private constructor(name: string, lab: TerminalLab, terminal: TmuxTerminal) {
    this.name = name;
    this.lab = lab;
    this.terminal = terminal;
  }

  static async open(network: NetworkLab, name: string): Promise<Machine> {
    const lab = await TerminalLab.open();
    lab.on = network.on(name);
    return new Machine(name, lab, await TmuxTerminal.open({ columns: 80, rows: 24 }));
  }

  async start(args: readonly string[]): Promise<void> {
    this.actions += 1;
    await this.lab.type(this.terminal, args);
  }

  async answer(text: string): Promise<void> {
    this.actions += 1;
    await this.terminal.typeLine(text);
  }

  /** Waits until it shows this, be it broken into lines or not. @returns The screen as one line */
  async sees(what: RegExp): Promise<string> {
    const found = await this.terminal.until(`${what} on ${this.name}`, (screen) => what.test(inOneLine(screen)));
    return inOneLine(found);
  }

  /** The latest code that it shows. @param count How many it has shown by then */
  async code(count = 1): Promise<string> {
    const shown = /Type this code on [^:]*: (\d{3} \d{3})(?= |$)/g;
    const codes = (screen: string) => [...inOneLine(screen).matchAll(shown)].map(([, code = ""]) => code);
    return codes(await this.terminal.until(`${count} codes`, (screen) => codes(screen).length === count)).at(-1) ?? "";
  }

  /** Its farm key, without the hyphens that make it easier to read. */
  async key(): Promise<string> {
    return (await readFile(join(this.lab.configFolder, "key"), "utf8")).replace(/[-\s]/g, "");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.terminal[Symbol.asyncDispose]();
    await this.lab[Symbol.asyncDispose]();
  }
}

const problem = noTmux ?? farmLabProblem;

describe.skipIf(skipBecause(problem))("joining a farm", { concurrent: true, timeout: 120_000 }, () => {
  test("three machines, from nothing to a farm that renders: start, start, start, yes, six digits, yes, six digits, render", async () => {
    await using network = await NetworkLab.open("attic", "cellar", "loft");
    await using attic = await Machine.open(network, "attic");
    await using cellar = await Machine.open(network, "cellar");
    await using loft = await Machine.open(network, "loft");
    await using desk = await TmuxTerminal.open({ columns: 80, rows: 24 });
    const machines = [attic, cellar, loft];
    const blend = attic.lab.path("scene.blend");
    const film = "s=bpy.context.scene; s.frame_end=6; s.render.engine='BLENDER_WORKBENCH'; s.render.resolution_x=32";
    const save = `import bpy; ${film}; s.render.resolution_y=32; bpy.ops.wm.save_as_mainfile(filepath='${blend}')`;
    const scene = execa(blenderPath ?? "blender", ["-b", "--factory-startup", "-noaudio", "--python-expr", save]);
    await Promise.all(machines.map((machine) => machine.start(["node", "--name", machine.name])));

    // One of them founds the farm, and the other two find it.
    const screens = await Promise.all(machines.map((machine) => machine.sees(/founds a farm|Join the farm of/)));
    const founder = machines.find((_, index) => /This machine founds a farm/.test(screens[index] ?? ""));
    if (founder === undefined) throw new Error(`No machine founds a farm:\n${screens.join("\n")}`);
    const joiners = machines.filter((machine) => machine !== founder);
    const address = network.addressOf(founder.name);
    for (const joiner of joiners) {
      await joiner.sees(new RegExp(`Join the farm of ${founder.name} \\(${address}\\)\\? .*\\(Y/n\\)`));
      await joiner.answer("");
    }
    for (let joined = 0; joined < joiners.length; joined += 1) {
      const question = /(\w+) \([\d.]+\) asks to join this farm\. Its code \([^)]*\):$/;
      const asking = await founder.sees(question);
      const name = question.exec(asking)?.[1];
      // What the node prints meanwhile is above the question, which stays the last line.
      expect(await founder.sees(/renderfarm [\d.]+, cache/)).toMatch(question);
      const joiner = joiners.find((machine) => machine.name === name);
      if (joiner === undefined) throw new Error(`Nobody asks to join:\n${asking}`);
      await founder.answer(await joiner.code());
      expect(await joiner.sees(/This machine is in the farm of/)).toContain(founder.name);
      await founder.sees(new RegExp(`${joiner.name} \\(.*\\) is in the farm`));
    }
    expect(machines.reduce((sum, { actions }) => sum + actions, 0)).toBe(7); // and the render is one more
    const keys = await Promise.all(machines.map((machine) => machine.key()));
    expect(new Set(keys).size).toBe(1);

    // Each node says what it is, which farm it belongs to, and how another machine joins.
    for (const machine of machines) {
      const screen = await machine.sees(/renderfarm [\d.]+, cache/);
      expect(screen).toMatch(
        new RegExp(`\\d\\d:\\d\\d:\\d\\d node ${machine.name} \\(.* farm: key [0-9a-f]{8} .*to add a machine: `),
      );
      expect(screen.replaceAll("-", "")).not.toContain(keys[0]);
    }
    await scene;
    if (founder !== attic) await copyFile(blend, founder.lab.path("scene.blend"));
    await founder.lab.type(desk, ["scene.blend", "-o", "film.mp4", "--plain"]);
    expect(await founder.lab.ended(desk)).toBe(0);
    const said = await desk.screen(true);
    for (const { name } of machines) expect(said).toMatch(new RegExp(`^Node ${name} at `, "m"));
  });

  test("off a terminal a node makes its own key; `invite` takes no wrong code; a render asks once, not once for each node", async () => {
    await using network = await NetworkLab.open("attic", "cellar", "desk");
    await using attic = await Machine.open(network, "attic");
    await using cellar = await Machine.open(network, "cellar");
    await using desk = await Machine.open(network, "desk");
    const stop = new AbortController();
    const node = attic.lab.renderfarm(["node", "--name", "attic"], { stop: stop.signal });
    await cellar.lab.makeBlend("scene.blend");
    await desk.lab.makeBlend("scene.blend");
    const keyFile = join(attic.lab.configFolder, "key");
    await waitFor(() => existsSync(keyFile), "the key that the node has made");

    await Promise.all([cellar.start(["node", "--name", "cellar"]), desk.start([])]);
    await cellar.sees(/Join the farm of attic/);
    await cellar.answer("");
    await cellar.sees(/Asking to join the farm of attic/);
    expect(existsSync(join(cellar.lab.configFolder, "key"))).toBe(false);
    await attic.start(["invite"]);
    const right = (await cellar.code()).replace(" ", "");
    await attic.sees(/cellar \(.*\) asks to join this farm\. Its code/);
    await attic.answer(right === "000000" ? "000001" : "000000");
    await attic.sees(/that is not the code/);
    await cellar.sees(/That code is no longer valid/);
    expect(existsSync(join(cellar.lab.configFolder, "key"))).toBe(false);
    await attic.sees(/Invite cellar/); // nothing starts again before somebody says so
    await attic.answer("");
    await attic.answer(await cellar.code(2));
    expect(await attic.lab.ended(attic.terminal)).toBe(0);
    await cellar.sees(/This machine is in the farm of attic/);
    expect(await cellar.key()).toBe(await attic.key());

    await desk.sees(/\? Blendfile/);
    await desk.answer("");
    await desk.sees(/\? Output/);
    await desk.answer("");
    await desk.sees(/\? Frames/);
    await desk.answer("");
    await desk.sees(/belongs? to a farm whose key this machine does not have\. Join, or render here alone\?/);
    await desk.terminal.press("Down");
    await desk.answer("");
    expect(await desk.sees(/This machine will render by itself/)).not.toMatch(/Cannot use the node/);
    await desk.lab.ended(desk.terminal);
    await desk.start(["scene.blend", "-o", "typed.mp4"]); // with all that it needs
    await desk.sees(/belongs? to a farm whose key this machine does not have\. Join, or render here alone\?/);
    await desk.terminal.press("Down");
    await desk.answer("");
    expect(await desk.lab.ended(desk.terminal)).not.toBe(0); // that file is no scene for a real Blender
    expect(await desk.terminal.screen(true)).toMatch(/this machine/);
    stop.abort();
    expect((await node).stdout).toMatch(/a new farm key was made.*\n.*\n.*\n.*key show --reveal/);
  });
});
