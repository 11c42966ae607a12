import { writeFile } from "node:fs/promises";
import { execa } from "execa";
import { describe, expect, test } from "vitest";
import { formatFarmKey } from "../../src/config/farm-key-text.ts";
import { makeFarmKey } from "../../src/core/farm-key.ts";
import type { FakeNodeOptions } from "../support/nodes/fake-node.ts";
import { TerminalLab } from "../support/terminal/terminal-lab.ts";
import { noTmux, TmuxTerminal } from "../support/terminal/tmux.ts";

const commandIn = (text: string) => /To continue:\n {2}(renderfarm .*)/.exec(text)?.[1] ?? "";

/** A node that renders each frame only once it may. */
function heldNode(options: FakeNodeOptions = {}) {
  let release = () => {};
  let begun = () => {};
  const free = new Promise<void>((resolve) => {
    release = resolve;
  });
  const hasBegun = new Promise<void>((resolve) => {
    begun = resolve;
  });
  const beforeFrame = async () => {
    begun();
    await free;
  };
  return { options: { key: null, slots: 1, ...options, beforeFrame }, release, hasBegun };
}

describe.skipIf(noTmux !== null)("in a real terminal", { concurrent: true, timeout: 60_000 }, () => {
  test.each([["the live view", []] as const, ["lines", ["--plain"]] as const])(
    "a prompted job that Ctrl-C ends shows the whole command, which renders the rest when it is pasted; with %s",
    async (_, how) => {
      await using lab = await TerminalLab.open();
      await using terminal = await TmuxTerminal.open({ columns: 220, rows: 30 });
      const until = (wanted: RegExp) => terminal.until(String(wanted), (screen) => wanted.test(screen));
      const key = makeFarmKey();
      const held = heldNode({ key });
      const { node, at } = await lab.serve(held.options);
      await lab.makeBlend("Ada's films/my duck.blend", "304", [1, 4]);
      await writeFile(lab.path("Ada's films/my duck.mp4"), "an older video");
      await lab.type(terminal, ["--nodes", at, ...how], { RENDERFARM_KEY: formatFarmKey(key) });
      await until(/^\? Blendfile.*\n❯/m);
      await terminal.press("Enter");
      await until(/^\? Output/m);
      await terminal.press("Enter");
      await until(/Replace it\?/);
      await terminal.typeLine("y");
      await until(/^\? Frames \(the scene's own, 1-4\)/m);
      await terminal.press("Tab"); // the proposal can be changed
      await until(/^\? Frames the scene's own, 1-4$/m);
      await terminal.press("BSpace");
      await terminal.typeLine("3");
      await held.hasBegun;
      await terminal.press("C-c");
      await until(/Finishing 1 frame/);
      held.release();
      const screen = await until(/To continue:\n {2}renderfarm.*\s+\$/);

      const command = commandIn(screen);
      expect(command).toBe(
        `renderfarm --blend 'Ada'\\''s films/my duck.blend' --output 'Ada'\\''s films/my duck.mp4' --frames 1-3 ` +
          `--nodes ${at} --overwrite${how.length > 0 ? " --plain" : ""}`,
      );
      expect(screen).not.toContain(formatFarmKey(key));
      expect(node.rendered).toEqual([1]);

      const rest = await lab.shell(`RENDERFARM_KEY=${formatFarmKey(key)} ${command}`);
      expect([rest.exitCode, node.rendered.toSorted()], rest.stderr).toEqual([0, [1, 2, 3]]);
      expect(lab.problems).toEqual([]);
    },
  );
});

test.concurrent.each([["lines", []] as const, ["JSON", ["--json"]] as const])(
  "a job that SIGTERM ends shows the command in a pipe of lines, without --fresh, which would begin anew; with %s",
  async (how, json) => {
    await using lab = await TerminalLab.open();
    await lab.makeBlend("scene.blend");
    const held = heldNode();
    const { at } = await lab.serve(held.options);
    const run = lab.renderfarm(["scene.blend", "-o", "film.mp4", "--fresh", "--nodes", at, ...json]);
    await held.hasBegun;
    run.kill("SIGTERM");
    const { exitCode, stdout } = await run;
    expect(exitCode).toBe(143);
    if (how === "lines") {
      expect(commandIn(stdout)).toBe(`renderfarm --blend scene.blend --output film.mp4 --nodes ${at}`);
    } else expect(JSON.parse(stdout.split("\n").at(-1) ?? "")).toMatchObject({ type: "job:interrupted" });
  },
);

test.concurrent("a failure whose hint asks for the same command shows it below, as it was typed: by node, npx or by its name", async () => {
  await using lab = await TerminalLab.open();
  await lab.makeBlend("scene.blend");
  const { at } = await lab.serve({ key: null, scene: { camera: null, cameras: [] } });
  const flags = `--blend scene.blend --output film.mp4 --frames 1-2 --nodes ${at}`;
  const named = await lab.shell(`renderfarm scene.blend -o film.mp4 -f 1-2 -n ${at}`);
  expect(named.stderr).toMatch(/no active camera\n {2}Set one .*run the same command again\n {2}renderfarm --blend/);
  expect(named.stderr.split("\n").at(-1)).toBe(`  renderfarm ${flags}`);

  const main = (await execa("readlink", ["-f", lab.path("../bin/renderfarm")])).stdout;
  const byNode = await lab.shell(`node ${main} scene.blend -o film.mp4 -f 1-2 -n ${at}`);
  expect(byNode.stderr.split("\n").at(-1)).toBe(`  node ${main} ${flags}`);
  const byNpx = await lab.shell(`npm_execpath=npm renderfarm scene.blend -o film.mp4 -f 1-2 -n ${at}`);
  expect(byNpx.stderr.split("\n").at(-1)).toBe(`  npx --no-install renderfarm ${flags}`);

  const byVariable = await lab.shell(`RENDERFARM_NODES=${at} renderfarm scene.blend -o film.mp4 -f 1-2`);
  expect(byVariable.stderr.split("\n").at(-1)).toBe(`  renderfarm ${flags}`);

  const other = await lab.shell(`renderfarm none.blend -o film.mp4 -n ${at}`);
  expect(other.stderr.split("\n")).toHaveLength(2); // its hint asks for something else
});
