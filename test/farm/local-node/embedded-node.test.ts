import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { blenderPath } from "../../support/blender.ts";
import { compileSources } from "../../support/compile-sources.ts";
import { remainingProcesses, testRunVariable } from "../../support/processes.ts";
import { skipBecause } from "../../support/skip.ts";
import { makeTemporaryFolder } from "../../support/temporary-folder.ts";

const problem = blenderPath === undefined ? "there is no Blender on PATH" : undefined;

test.skipIf(skipBecause(problem))(
  "a killed coordinator leaves neither its embedded node nor that node's folder",
  async () => {
    await using folder = await makeTemporaryFolder();
    const temporary = join(folder.path, "tmp");
    await mkdir(temporary);
    const program = await compileSources("test/farm/local-node/embedded-program.mjs", join(folder.path, "program"));
    const run = folder.path;
    const coordinator = spawn(process.execPath, [program, blenderPath ?? "", join(folder.path, "cache")], {
      stdio: ["ignore", "pipe", "inherit"],
      env: { ...process.env, TMPDIR: temporary, [testRunVariable]: run },
    });
    const exited = once(coordinator, "exit");
    await once(coordinator.stdout, "data");
    expect(await readdir(temporary)).toEqual([expect.stringMatching(/^renderfarm-node-/)]);

    coordinator.kill("SIGKILL");
    await exited;

    expect(await remainingProcesses(run, 15_000)).toEqual([]);
    expect(await readdir(temporary)).toEqual([]);
  },
);
