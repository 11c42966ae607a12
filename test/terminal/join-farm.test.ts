import { copyFile, readFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { describe, expect, test } from "vitest";
import { blenderPath } from "../support/blender.ts";
import { farmLabProblem, skipBecause } from "../support/lab/lab.ts";
import { NetworkLab } from "../support/lab/network-lab.ts";
import { TerminalLab } from "../support/terminal/terminal-lab.ts";
import { noTmux, TmuxTerminal } from "../support/terminal/tmux.ts";

/** A machine with a terminal on it. Everything that a person does there is counted. */
class Machine implements AsyncDisposable {
  readonly name: string;
  readonly lab: TerminalLab;
  readonly terminal: TmuxTerminal;
  static actions = 0;

  private constructor(name: string, lab: TerminalLab, terminal: TmuxTerminal) {
    this.name = name;
    this.lab = lab;
    this.terminal = terminal;
  }

  static async open(network: NetworkLab, name: string): Promise<Machine> {
    const lab = await TerminalLab.open();
    lab.on = network.on(name);
    return new Machine(name, lab, await TmuxTerminal.open({ columns: 130, rows: 30 }));
  }

  async start(args: readonly string[]): Promise<void> {
    Machine.actions += 1;
    await this.lab.type(this.terminal, args);
  }

  async answer(text: string): Promise<void> {
    Machine.actions += 1;
    await this.terminal.typeLine(text);
  }

  sees(what: RegExp): Promise<string> {
    return this.terminal.until(`${what} on ${this.name}`, (screen) => what.test(screen));
  }

  /** The code that it shows. */
  async code(): Promise<string> {
    return /: {3}(\d{3} \d{3})$/m.exec(await this.sees(/Type this code on .*: {3}\d{3} \d{3}$/m))?.[1] ?? "";
  }

  async key(): Promise<string> {
    return await readFile(join(this.lab.configFolder, "key"), "utf8");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.terminal[Symbol.asyncDispose]();
    await this.lab[Symbol.asyncDispose]();
  }
}

const problem = noTmux ?? farmLabProblem;

describe.skipIf(skipBecause(problem))("joining a farm", { timeout: 120_000 }, () => {
  test("three machines, from nothing to a farm that renders: start, start, start, yes, six digits, yes, six digits, render", async () => {
    await using network = await NetworkLab.open("attic", "cellar", "loft");
    await using attic = await Machine.open(network, "attic");
    await using cellar = await Machine.open(network, "cellar");
    await using loft = await Machine.open(network, "loft");
    await using desk = await TmuxTerminal.open({ columns: 130, rows: 30 });
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
      const question = /^(\w+) \([\d.]+\) asks to join this farm\. Its code \(.*\):$/m;
      const asking = await founder.sees(question);
      const name = question.exec(asking)?.[1];
      const joiner = joiners.find((machine) => machine.name === name);
      if (joiner === undefined) throw new Error(`Nobody asks to join:\n${asking}`);
      await founder.answer(await joiner.code());
      expect(await joiner.sees(/This machine is in the farm of/)).toContain(founder.name);
      await founder.sees(new RegExp(`${joiner.name} \\(.*\\) is in the farm`));
    }
    expect(Machine.actions).toBe(7);
    const keys = await Promise.all(machines.map((machine) => machine.key()));
    expect(new Set(keys).size).toBe(1);

    // Each node says what it is, which farm it belongs to, and how another machine joins.
    for (const machine of machines) {
      const screen = await machine.sees(/renderfarm [\d.]+, cache/);
      expect(screen).toMatch(new RegExp(`node ${machine.name} \\(.*\\n.*farm: key [0-9a-f]{8}\\n.*to add a machine: `));
      expect(screen).not.toContain(keys[0]?.trim());
    }
    await scene;
    if (founder !== attic) await copyFile(blend, founder.lab.path("scene.blend"));
    await founder.lab.type(desk, ["scene.blend", "-o", "film.mp4", "--plain"]);
    Machine.actions += 1;
    expect(await founder.lab.ended(desk)).toBe(0);
    const said = await desk.screen(true);
    for (const { name } of machines) expect(said).toMatch(new RegExp(`^Node ${name} at `, "m"));
    expect(Machine.actions).toBe(8);
    for (const machine of machines) {
      await machine.terminal.press("C-c");
    }
  });
});
