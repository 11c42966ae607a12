import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, test } from "vitest";
import { findingText } from "../../../src/cli/commands/doctor-command.ts";
import { hostileLines, hostileText, obeyedIn } from "../../support/hostile-texts.ts";
import { builtProgram } from "../../support/lab/lab-coordinator.ts";
import { skipBecause } from "../../support/skip.ts";

test("a finding is one line, followed by one with the fix", () => {
  expect(findingText({ what: "Disk", state: "good", detail: "9 GB free" })).toBe("ok       Disk: 9 GB free\n");
  expect(findingText({ what: "Farm key", state: "warning", detail: "none", fix: "renderfarm key set" })).toBe(
    "warning  Farm key: none\n         -> renderfarm key set\n",
  );
});

test("a finding contains no control characters, whatever the names of programs, files and nodes", () => {
  const text = findingText({ what: "FFmpeg", state: "problem", detail: hostileLines, fix: hostileText });
  expect(text).toMatch(/^PROBLEM {2}FFmpeg: evil.*\n {2}Done in 1 s/);
  expect(obeyedIn(text)).toEqual([]);
});

const noSignals = process.platform === "win32" ? "Ctrl-C needs a console there" : undefined;

test.skipIf(skipBecause(noSignals))("Ctrl-C ends doctor with 130, and is neither a finding nor a bug", async () => {
  const doctor = spawn(process.execPath, [builtProgram, "doctor"], { stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  for (const stream of [doctor.stdout, doctor.stderr]) {
    stream.on("data", (piece) => {
      said += piece;
    });
  }
  const closed = once(doctor, "close");
  // The network check comes next and takes seconds.
  await expect.poll(() => said, { timeout: 30_000 }).toContain("Temporary folder");
  doctor.kill("SIGINT");
  expect((await closed)[0]).toBe(130);
  expect(said).not.toMatch(/bug|PROBLEM/);
});
