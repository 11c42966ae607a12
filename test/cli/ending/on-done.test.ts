import { readFile, writeFile } from "node:fs/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { TerminalLab } from "../../support/terminal/terminal-lab.ts";
import { noTmux, TmuxTerminal } from "../../support/terminal/tmux.ts";

const given = ["scene.blend", "-o", "film.mp4"];

let lab: TerminalLab;
beforeEach(async () => {
  lab = await TerminalLab.open();
  await lab.makeBlend("scene.blend");
});
afterEach(() => lab[Symbol.asyncDispose]());

const result = async () => JSON.parse(await readFile(lab.path("result.json"), "utf8"));
const isThere = () =>
  readFile(lab.path("result.json")).then(
    () => true,
    () => false,
  );

describe.skipIf(process.platform === "win32")("--on-done", () => {
  test("gets the last event of --json and the exit code; its own output and failure change neither", async () => {
    const { at } = await lab.serve({ key: null });
    const command = "cat > result.json; echo said by the command; exit 3";
    const { exitCode, stdout, stderr } = await lab.renderfarm([
      ...given,
      "--nodes",
      at,
      "--json",
      "--on-done",
      command,
    ]);
    expect(exitCode).toBe(0);
    const last = JSON.parse(stdout.split("\n").at(-1) ?? "");
    const { at: _, ...fields } = last;
    expect(await result()).toEqual({ ...fields, at: expect.any(String), exitCode: 0 });
    expect(last).toMatchObject({ type: "job:completed", output: lab.path("film.mp4"), frames: 4 });
    expect(stderr).toContain("said by the command");
    expect(stderr).toContain("Warning: the command of --on-done failed: it exited with code 3");
  });

  test("is run after a job that failed, once its error is shown", async () => {
    const { exitCode, stdout, stderr } = await lab.renderfarm([
      ...given,
      "--nodes",
      "127.0.0.1:1",
      "--wait",
      "1s",
      "--plain",
      "--on-done",
      "cat > result.json; echo said",
    ]);
    expect(exitCode).toBe(3);
    expect(await result()).toMatchObject({
      type: "job:failed",
      code: "FARM_NODE_UNREACHABLE",
      exitCode: 3,
      hint: expect.any(String),
    });
    expect(stderr).toMatch(/^Error: /m);
    expect(stdout).toMatch(/^said$/m);
  });

  test("is run after a job that was interrupted", async () => {
    let hasStarted = () => {};
    const started = new Promise<void>((resolve) => {
      hasStarted = resolve;
    });
    const beforeFrame = async () => {
      hasStarted();
      await new Promise(() => {}); // it never renders
    };
    const { at } = await lab.serve({ key: null, beforeFrame });
    const running = lab.renderfarm([...given, "--nodes", at, "--plain", "--on-done", "cat > result.json"]);
    await started;
    running.kill("SIGTERM");
    expect((await running).exitCode).toBe(143);
    expect(await result()).toMatchObject({ type: "job:interrupted", missing: 4, exitCode: 143 });
  });

  test.skipIf(noTmux !== null)("is ended by Ctrl-C in the terminal, which does not change the exit code", async () => {
    await using terminal = await TmuxTerminal.open({ columns: 80, rows: 24 });
    const { at } = await lab.serve({ key: null });
    lab.on = ["sh", "-c", `trap : INT; "$@"; echo "exit code $?"`, "sh"]; // a shell that survives Ctrl-C
    await lab.type(terminal, [...given, "--nodes", at, "--on-done", "cat > result.json; echo 'it runs'; sleep 600"]);
    const screen = await terminal.until("the command", (text) => /^it runs$/m.test(text));
    expect(screen).toMatch(/✓ .*film\.mp4/); // the summary comes first
    await terminal.press("C-c");
    const ended = await terminal.until("the end", (text) => text.includes("exit code"));
    expect(ended).toContain("Warning: the command of --on-done failed: it was ended by SIGINT");
    expect(ended).toContain("exit code 0");
    expect(await result()).toMatchObject({ type: "job:completed", exitCode: 0 });
  });

  test("is not read from a farmspec; from the environment of the user it is", async () => {
    const { at } = await lab.serve({ key: null });
    const onDone = "cat > result.json";
    const farmspec = lab.path("farmspec.json");
    await writeFile(farmspec, JSON.stringify({ defaults: { onDone } }));
    const refused = await lab.renderfarm([...given, "--nodes", at, "--json"]);
    expect(refused.exitCode).toBe(2);
    expect(refused.stderr).toContain("defaults.onDone: a farmspec cannot set --on-done");
    expect(await isThere()).toBe(false);
    await writeFile(farmspec, "{}");
    const done = await lab.renderfarm([...given, "--nodes", at, "--json"], { env: { RENDERFARM_ON_DONE: onDone } });
    expect(done.exitCode).toBe(0);
    expect(await result()).toMatchObject({ type: "job:completed", exitCode: 0 });
  });
});
