import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { processesOf } from "../support/processes.ts";
import { TerminalLab } from "../support/terminal/terminal-lab.ts";
import { noTmux, TmuxTerminal } from "../support/terminal/tmux.ts";
import { startOnPipe, type UnreadStart, unreadOutputs } from "../support/terminal/unread.ts";
import { waitFor } from "../support/wait-for.ts";

const main = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
/** Only a limit for a test that hangs: a busy machine may be slow. */
const waitMs = 75_000;

/** A lab with a scene and a fake node, which holds frames 3 and 30 until the test releases each. */
async function openLab() {
  const lab = await TerminalLab.open();
  await lab.makeBlend("scene.blend");
  const releases = new Map<number, () => void>();
  const letGo = (frame = 3) => releases.get(frame)?.();
  const isHeld = new Set<number>();
  const gates = [3, 30].map((frame) => {
    const gate = new Promise<void>((resolve) => releases.set(frame, resolve));
    return [frame, gate] as const;
  });
  const held = new Map(gates);
  const { node, at } = await lab.serve({
    key: null,
    beforeFrame: (frame) => {
      isHeld.add(frame);
      return held.get(frame);
    },
  });
  const args = ["scene.blend", "-o", "out.mp4", "--nodes", at, "--yes"];
  const start = async (...more: string[]): Promise<UnreadStart> => ({
    command: [process.execPath, main, ...args, ...more],
    ...{ env: lab.environment, cwd: lab.path(), folder: await mkdtemp(lab.path("unread-")) },
  });
  const holds = (frame = 3) => waitFor(() => isHeld.has(frame), `frame ${frame} to be rendered`);
  const isDone = () => existsSync(lab.path("out.mp4"));
  return { lab, node, args, start, letGo, holds, isDone, [Symbol.asyncDispose]: () => lab[Symbol.asyncDispose]() };
}

type Job = Awaited<ReturnType<typeof openLab>>;

const until = (what: string, isSo: () => boolean | Promise<boolean>) => waitFor(isSo, what, waitMs);

describe.skipIf(process.platform === "win32")(
  "a program whose output nobody reads",
  { concurrent: true, timeout: 120_000 },
  () => {
    describe.each(Object.entries(unreadOutputs))("on %s that is full and that nobody reads", (_, startOn) => {
      test.each([["--json"], ["--log-level=trace"]])(
        "a job with %s finishes, and reports it once somebody reads",
        async (how) => {
          await using job = await openLab();
          const program = await startOn(await job.start(how));
          job.letGo();
          await until("the job is done", job.isDone);
          expect(program.hasEnded).toBe(false); // it waits for its output to be read
          const said = await program.read();
          expect(await program.ended).toBe(0);
          expect(said).toMatch(/"type":"job:completed"|in the video/);
        },
      );

      test.each(["SIGTERM", "SIGHUP"] as const)("%s ends a job at once, with 143", async (signal) => {
        await using job = await openLab();
        const program = await startOn(await job.start());
        await job.holds();
        process.kill(program.pid, signal);
        await waitFor(() => program.hasEnded, "the end of the program");
        expect(await program.ended).toBe(143);
        expect((await job.lab.leftovers()).files).toEqual([]);
      });

      test.each([
        ["SIGINT finishes the frame that is being rendered", (job: Job) => job.letGo(), [1, 2, 3]],
        ["a second SIGINT does not", (_: Job, pid: number) => process.kill(pid, "SIGINT"), [1, 2]],
      ])("%s, and ends a job with 130", async (_name, next, rendered) => {
        await using job = await openLab();
        const program = await startOn(await job.start());
        await job.holds();
        process.kill(program.pid, "SIGINT");
        // It arrives: the next frame, which the node already has, is withdrawn.
        await until("frame 4 is withdrawn", () => job.node.heard.some(({ type }) => type === "frame-withdraw"));
        next(job, program.pid);
        await waitFor(() => program.hasEnded, "the end of the program");
        expect(await program.ended).toBe(130);
        expect(job.node.rendered).toEqual(rendered);
      });
    });

    test("while nobody reads its pipe, --json drops nothing but progress", async () => {
      await using job = await openLab();
      job.letGo();
      job.letGo(30);
      const program = await startOnPipe(await job.start("--json", "--frames", "1-150"));
      await waitFor(job.isDone, "the end of the job");
      const said = await program.read();
      expect(said.length).toBeGreaterThan(65_536); // more than any pipe would hold
      const events = said
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line) as { type: string; frame?: number; stored?: number });
      const framesOf = (type: string) => events.filter((event) => event.type === type).map(({ frame }) => frame);
      const all = Array.from({ length: 150 }, (_, index) => index + 1);
      for (const type of ["frame:started", "frame:rendered", "frame:stored"]) {
        expect(framesOf(type).sort((a = 0, b = 0) => a - b)).toEqual(all);
      }
      const progress = events.filter(({ type }) => type.endsWith(":progressed"));
      expect(progress.filter(({ stored }) => stored !== 150)).toEqual([]); // the test may read when the last one comes
      expect(events.at(-1)?.type).toBe("job:completed");
      expect(await program.ended).toBe(0);
    });

    test("a node whose output nobody reads is restarted when it dies", async () => {
      await using lab = await TerminalLab.open();
      const count = lab.path("starts");
      const version = '[ "$1" = --version ] && echo "Blender 3.4.1" && exit';
      const dies = `[ "$(wc -l < ${count})" -lt 3 ] && kill -9 $$`;
      const blender = lab.path("blender");
      await writeFile(blender, `#!/bin/sh\n${version}\necho "$@" >> ${count}\necho Blender 3.4.1\n${dies}\nexit 0\n`, {
        mode: 0o755,
      });
      const program = await startOnPipe({
        command: [process.execPath, main, "node", "--blender", blender],
        ...{ env: lab.environment, cwd: lab.path(), folder: await mkdtemp(lab.path("unread-")) },
      });
      const starts = () => (existsSync(count) ? readFileSync(count, "utf8").trim().split("\n").length : 0);
      await waitFor(() => starts() === 3, "the third start");
      expect((await program.read()).match(/The node ended/g)?.length).toBe(2);
      expect(await program.ended).toBe(0);
    });

    describe.skipIf(noTmux !== null)("in a real terminal stopped by Ctrl-S", () => {
      test("frames are rendered, and after Ctrl-Q the view is whole again", async () => {
        await using job = await openLab();
        await using terminal = await TmuxTerminal.open({ columns: 100, rows: 30 });
        await job.lab.type(terminal, job.args.concat("--frames", "1-40"));
        await job.holds(3);
        await terminal.until("the view", (screen) => /\b2\/40 frames/.test(screen));
        await terminal.press("C-s");
        job.letGo(3);
        await job.holds(30);
        expect(await terminal.screen()).toMatch(/\b2\/40 frames/);
        await terminal.press("C-q");
        const view = await terminal.until("the view of now", (screen) => /\b29\/40 frames/.test(screen));
        expect(view.match(/\/40 frames/g)?.length).toBe(1);
        expect(view.match(/^renderfarm /gm)?.length).toBe(1);
        expect(view.match(/^ *█ \d+ encoded/gm)?.length, view).toBe(1);

        await terminal.press("C-s");
        job.letGo(30);
        await waitFor(job.isDone, "the end of the job");
        await terminal.press("C-q");
        expect(await job.lab.ended(terminal)).toBe(0);
        const screen = await terminal.screen(true);
        expect(screen).toContain("40 frames in ");
        expect(screen).not.toMatch(/\d+\/40 frames|░|▒/); // no remains of an earlier view
        expect(await terminal.isCursorShown()).toBe(true);
      });

      test("SIGTERM ends the job while the terminal is stopped, and after Ctrl-Q the cursor is shown", async () => {
        await using job = await openLab();
        await using terminal = await TmuxTerminal.open({ columns: 100, rows: 30 });
        await job.lab.type(terminal, job.args);
        await job.holds();
        await terminal.until("the view", (screen) => /\b2\/4 frames/.test(screen));
        await terminal.press("C-s");
        const isProgram = ({ command }: { readonly command: string }) => command.includes("/bin/renderfarm");
        const programs = async () => (await processesOf(job.lab.run)).filter(isProgram);
        for (const { pid } of await programs()) process.kill(pid, "SIGTERM");
        await waitFor(async () => (await programs()).length === 0, "the end of the program");
        await terminal.press("C-q");
        expect(await job.lab.ended(terminal)).toBe(143);
        await waitFor(() => terminal.isCursorShown(), "the cursor to be shown");
        expect(await job.lab.leftovers()).toEqual({ processes: [], files: [] });
      });
    });
  },
);
