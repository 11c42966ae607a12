import { mkdir, readFile, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { execa } from "execa";
import { describe, expect, test } from "vitest";
import { endNode, nodeEnvironment } from "../../../src/farm/local-node/node-process.ts";
import { runNode } from "../../../src/farm/local-node/run-node.ts";
import { makeTemporaryFolder } from "../../support/temporary-folder.ts";
import { waitFor } from "../../support/wait-for.ts";

async function makeProgram(path: string, lines: readonly string[]): Promise<string> {
  await writeFile(path, ["#!/bin/sh", ...lines, ""].join("\n"), { mode: 0o755 });
  return path;
}

/** Waits until a file has a whole line. @returns The file's text */
async function whenThere(path: string): Promise<string> {
  const read = () => readFile(path, "utf8").catch(() => "");
  await waitFor(async () => (await read()).endsWith("\n"), `a line in ${path}`);
  return (await read()).trim();
}

describe.skipIf(process.platform === "win32")("runNode()", () => {
  test("ends the node through stdin, and makes its Python errors an exit code", async () => {
    await using folder = await makeTemporaryFolder();
    const log = join(folder.path, "log");
    const blender = await makeProgram(join(folder.path, "blender"), [
      '[ "$1" = --version ] && { echo Blender 3.4.1; exit; }',
      `trap 'echo SIGTERM >>${log}; exit 9' TERM`,
      `echo "$@" >>${log}`,
      "echo serves; echo a warning >&2",
      "cat >/dev/null",
      `echo stdin >>${log}`,
      "sleep 0.5",
    ]);
    const stop = new AbortController();
    const lines: string[] = [];
    const running = runNode({
      ...{ blender, nodeOptions: ["--slots", "2"], onRestart: () => {}, signal: stop.signal },
      onLine: (line, stream) => void lines.push(`${stream}: ${line}`),
    });
    const args = await whenThere(log);
    expect(args).toMatch(/--python-exit-code 70 -P \S+main\.py -- --slots 2 --exit-with-stdin$/);
    stop.abort();
    expect(await running).toBe(0);
    expect((await readFile(log, "utf8")).trim().split("\n").slice(1)).toEqual(["stdin"]);
    expect(lines.sort()).toEqual(["stderr: a warning", "stdout: serves"]);
  });

  test("kills a node that does not end", async () => {
    await using folder = await makeTemporaryFolder();
    const [log, started] = [join(folder.path, "log"), join(folder.path, "started")];
    const deaf = await makeProgram(join(folder.path, "deaf"), [
      `trap 'echo SIGTERM >>${log}' TERM`,
      `echo yes >${started}`,
      "while :; do sleep 0.05; done",
    ]);
    const child = execa(deaf, [], { stdin: "pipe", reject: false, buffer: false, detached: true });
    await whenThere(started);
    const began = performance.now();
    await endNode(child, { termMs: 200, killMs: 600 });
    expect(performance.now() - began).toBeGreaterThan(550);
    expect(child.signalCode).toBe("SIGKILL");
    expect(await whenThere(log)).toBe("SIGTERM");
  });
});

describe.skipIf(process.platform === "win32")("nodeEnvironment()", () => {
  test("removes folders of other Pythons from PATH, but none that the system or Blender needs", async () => {
    await using folder = await makeTemporaryFolder();
    const bin = async (name: string, ...programs: string[]) => {
      const path = join(folder.path, name, "bin");
      await mkdir(path, { recursive: true });
      for (const program of programs) await writeFile(join(path, program), "");
      return path;
    };
    const pyenv = await bin("pyenv", "python3", "pip");
    const conda = await bin("conda", "python", "blender");
    const plain = await bin("plain", "make");
    const whole = await bin("whole", "python3", "sh");
    const PATH = [pyenv, conda, plain, whole, "/usr/bin", "bin", ""].join(delimiter);

    const bare = nodeEnvironment("blender", { PATH });
    expect(bare).toEqual({ BLENDER: "blender", PATH: [conda, plain, whole, "/usr/bin", "bin", ""].join(delimiter) });
    const named = nodeEnvironment("/opt/blender/blender", { PATH });
    expect(named.PATH).toBe([plain, whole, "/usr/bin", "bin", ""].join(delimiter));
    expect(nodeEnvironment("blender", {})).toEqual({ BLENDER: "blender" });
  });
});
