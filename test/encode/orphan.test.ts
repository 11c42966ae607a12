import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFile, mkdir, readdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { expect, test } from "vitest";
import { isRunning, makeFrames } from "../support/ffmpeg.ts";

const project = fileURLToPath(new URL("../..", import.meta.url));

/** Compiles the encoder for a program of its own: Node 20 runs no TypeScript, and it must be one that can be killed. */
async function compileProgram(into: string): Promise<string> {
  await mkdir(join(into, "test/encode"), { recursive: true });
  const config = {
    extends: join(project, "tsconfig.json"),
    compilerOptions: {
      ...{ rootDir: project, outDir: into, declaration: false, sourceMap: false },
      typeRoots: [join(project, "node_modules/@types")],
    },
    include: [join(project, "src/encode")],
  };
  await writeFile(join(into, "tsconfig.json"), JSON.stringify(config));
  await writeFile(join(into, "package.json"), '{"type":"module"}');
  await symlink(join(project, "node_modules"), join(into, "node_modules"), "junction");
  await execa(process.execPath, [join(project, "node_modules/typescript/bin/tsc"), "-p", into]);
  const program = join(into, "test/encode/endless-encode.mjs");
  await copyFile(join(project, "test/encode/endless-encode.mjs"), program);
  return program;
}

test("no FFmpeg outlives a coordinator that was killed, and its part is never taken for the video", async () => {
  await using folder = await makeFrames({ count: 1 });
  const program = await compileProgram(join(folder.folder, "program"));
  const videos = join(folder.folder, "videos");
  await using coordinator = startProgram([program, folder.frames[0] ?? "", join(videos, "out.mp4")]);
  const [said] = await once(coordinator.process.stdout, "data");
  const ffmpeg = Number.parseInt(String(said), 10);
  expect(await isRunning(ffmpeg)).toBe(true);

  coordinator.process.kill("SIGKILL");
  await coordinator.ended;

  await expect.poll(() => isRunning(ffmpeg), { timeout: 15_000 }).toBe(false);
  expect(await readdir(videos)).toEqual([".out.mp4.01234567.part"]);
}, 60_000);

function startProgram(args: readonly string[]) {
  const running = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  const ended = once(running, "exit");
  const dispose = async () => {
    running.kill("SIGKILL");
    await ended;
  };
  return { process: running, ended, [Symbol.asyncDispose]: dispose };
}
