import { chmod, readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { TerminalLab } from "../support/terminal/terminal-lab.ts";
import { noTmux, TmuxTerminal } from "../support/terminal/tmux.ts";

const built = fileURLToPath(new URL("../../dist/cli/ending/after-job.js", import.meta.url));
const bell = "\u0007";

/** A program that ends as after a job of that time, with a desktop that writes down what it shows. */
async function afterJobOf(lab: TerminalLab, ranMs: number): Promise<string> {
  const ending = { type: "job:interrupted", missing: 3 };
  const program = lab.path("ends.mjs");
  await writeFile(
    program,
    `import { afterJob } from ${JSON.stringify(built)};
await afterJob(${JSON.stringify({ ending, exitCode: 130, ranMs })}, {});
console.log("it has " + "ended");\n`,
  );
  await writeFile(lab.path("notify-send"), `#!/bin/sh\nprintf '%s\\n' "$@" > '${lab.path("shown")}'\n`);
  await chmod(lab.path("notify-send"), 0o755);
  return program;
}

describe.skipIf(noTmux !== null || process.platform !== "linux")("after a job, in a real terminal,", () => {
  test.each([
    ["of more than a minute, the bell rings and the desktop shows it", 61_000, "", true],
    ["of less than a minute, nothing happens", 59_000, "", false],
    ["in a CI, nothing happens", 61_000, "CI=true", false],
  ])("%s", async (_, ranMs, variables, isTold) => {
    await using lab = await TerminalLab.open();
    await using terminal = await TmuxTerminal.open({ columns: 80, rows: 24 });
    const program = await afterJobOf(lab, ranMs);
    await terminal.record(lab.path("bytes"));
    const set = `PATH='${lab.path()}':"$PATH" DISPLAY=:0 ${variables}`;
    await terminal.typeLine(`${set} '${process.execPath}' '${program}'`);
    await terminal.until("the end", (screen) => screen.includes("it has ended"));

    const shown = await readFile(lab.path("shown"), "utf8").catch(() => "");
    expect(shown).toBe(
      isTold ? "--app-name=renderfarm\n--\nrenderfarm: stopped\nThe job has stopped with 3 frames to go\n" : "",
    );
    expect((await readFile(lab.path("bytes"), "utf8")).includes(bell)).toBe(isTold);
  });
});
