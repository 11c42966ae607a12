import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { defineConfig } from "vitest/config";

/** Random jobs and inputs: a few of them in every run of all tests, all of them where the faults are. */
const randomTests = ["test/fuzz/**/*.test.ts", "test/scheduler/{liars,properties,random}.test.ts"];

/** Folders with projects of their own. */
const apart = /^test\/(e2e|blenders|productions|package|faults|windows|chaos|terminal)\//;
/** What a test imports that runs FFmpeg, Blender, a terminal, or the built command line. */
const runner =
  /support\/(nodes\/scripted-farm|lab\/|terminal\/|ffmpeg|blender|compile-sources)|dist\/cli\/main|scripts\/build|await findFfmpeg\(|output\/encode-folder/;
const files = readdirSync("test", { recursive: true, encoding: "utf8" })
  .map((file) => join("test", file).replaceAll("\\", "/"))
  .filter((file) => file.endsWith(".test.ts") && !apart.test(file));
const runningPrograms = files.filter((file) => runner.test(readFileSync(file, "utf8")));

export default defineConfig({
  oxc: { target: "es2022" },
  test: {
    globalSetup: "test/support/build-once.ts",
    projects: [
      {
        extends: true,
        test: {
          name: "unit",
          include: files.filter((file) => !runningPrograms.includes(file)),
          env: { FUZZ_EFFORT: process.env.FUZZ_EFFORT ?? "0.25" },
          maxWorkers: 2, // most of them wait more than they compute, also where there is one core
          // Only a bound for what hangs: a busy machine may be slow.
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        extends: true,
        // Whole jobs, FFmpeg, terminals, the built command line.
        test: {
          name: "programs",
          sequence: { groupOrder: 1 },
          include: runningPrograms,
          maxWorkers: 2,
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        extends: true,
        // One scene at a time: each of these tests uses every core for real renders.
        test: {
          name: "e2e",
          sequence: { groupOrder: 2 },
          include: ["test/e2e/**/*.test.ts", "test/productions/local/**/*.test.ts"],
          fileParallelism: false,
          testTimeout: 180_000,
          hookTimeout: 180_000,
        },
      },
      {
        extends: true,
        // What a farm survives: nodes killed and frozen, links cut, disks full.
        test: {
          name: "faults",
          include: ["test/faults/**/*.test.ts", ...randomTests],
          fileParallelism: false,
          testTimeout: 300_000,
          hookTimeout: 300_000,
        },
      },
      {
        extends: true,
        // Faults every few seconds, for minutes: scripts/chaos.mjs gives it its options.
        test: {
          name: "chaos",
          include: ["test/chaos/**/*.test.ts"],
          fileParallelism: false,
          disableConsoleIntercept: true, // it tells at once what happens
          hookTimeout: 120_000,
        },
      },
      {
        extends: true,
        // Whole evenings of people in real terminals: questions, the live view, joining a farm.
        test: {
          name: "terminal",
          include: ["test/terminal/**/*.test.ts"],
          maxWorkers: 2,
          testTimeout: 120_000,
          hookTimeout: 60_000,
        },
      },
      {
        extends: true,
        // The coordinator on Windows, by Wine: scripts/windows/test.mjs makes it ready.
        test: {
          name: "windows",
          include: ["test/windows/**/*.test.ts"],
          retry: 1, // a program of Windows that was killed can leave Wine so that the next one hangs
          fileParallelism: false,
          testTimeout: 180_000,
          hookTimeout: 180_000,
        },
      },
      {
        extends: true,
        // Packed and installed as npm would: it needs the registry.
        test: {
          name: "package",
          include: ["test/package/**/*.test.ts"],
          fileParallelism: false,
          testTimeout: 300_000,
          hookTimeout: 300_000,
        },
      },
    ],
  },
});
