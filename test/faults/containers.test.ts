import { copyFile, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { keyframedScene } from "../support/blender.ts";
import { containerProblem, inContainer, makeWorkFolder, someKey } from "../support/container.ts";
import { mountSmallDisk } from "../support/lab/fault-disk.ts";
import { requireBuild, skipBecause } from "../support/lab/lab.ts";

type Environment = Readonly<Record<string, string>>;
type Place = "unset" | "absent" | "foreign" | "readOnly" | "full";

describe.skipIf(skipBecause(await containerProblem()))("as a user that the system does not know", () => {
  let blendfile: string;
  let folder: string;

  beforeAll(async () => {
    requireBuild();
    ({ blendfile } = await keyframedScene({ frames: 24, samples: 24 }));
  });

  beforeEach(async () => {
    const made = await makeWorkFolder();
    folder = made.path;
    onTestFinished(() => made[Symbol.asyncDispose]());
    await copyFile(blendfile, join(folder, "scene.blend"));
  });

  /** Makes a folder of this kind. @returns Its path; `undefined` to unset the variable */
  async function place(kind: Place): Promise<string | undefined> {
    const path = join(folder, kind);
    if (kind === "unset") return undefined;
    if (kind === "foreign") await mkdir(path, { mode: 0o700 });
    if (kind !== "readOnly" && kind !== "full") return path;
    const disk = await mountSmallDisk(path, 1);
    await (kind === "full" ? disk.fill() : disk.protect());
    onTestFinished(() => disk[Symbol.asyncDispose]());
    return path;
  }

  const withFolder = async (variable: string, kind: Place): Promise<Environment> => {
    const path = await place(kind);
    return path === undefined ? {} : { [variable]: path };
  };

  /** Runs a command to its end, and expects no bug or traceback. @returns Its exit code and output */
  async function run(args: readonly string[], env: Environment) {
    const { exitCode, all } = await inContainer(folder, args, env);
    expect(all).not.toMatch(/bug in renderfarm|Traceback|node:internal/);
    return { exitCode, all };
  }

  const render = ["scene.blend", "-o", "film.mp4", "--frames", "1-2", "--local", "--plain", "--yes"];

  /** Runs a node until it serves, and ends it. @returns Its output */
  async function nodeServes(env: Environment): Promise<string> {
    const node = inContainer(folder, ["node", "--no-mdns", "--port", "0"], { RENDERFARM_KEY: someKey, ...env });
    for await (const line of node.iterable({ from: "all" })) {
      if (line.includes("serves on")) node.kill("SIGTERM");
    }
    const { all, exitCode } = await node;
    expect({ all, exitCode }).toMatchObject({ all: expect.stringContaining("serves on"), exitCode: 143 });
    expect(all).not.toContain("Traceback");
    return all;
  }

  test("without a home: a local render works if a cache is given, and so do report and encode", async () => {
    const env = { RENDERFARM_CACHE_DIR: join(folder, "cache") };
    expect(await run([...render, "--keep-frames"], env)).toMatchObject({ exitCode: 0 });
    expect(await run(["report", "film.mp4.renderfarm"], env)).toMatchObject({ exitCode: 0 });
    expect(await run(["encode", "film.mp4.renderfarm", "-o", "again.mp4"], env)).toMatchObject({ exitCode: 0 });
  });

  describe.each<[Place]>([["unset"], ["absent"], ["foreign"], ["readOnly"], ["full"]])(
    "with a home that is %s",
    (kind) => {
      // A missing home is created.
      const isUsable = kind === "absent";

      test("keys and nodes can be looked up, and if something cannot be saved the error says which folder to set", async () => {
        const env = await withFolder("HOME", kind);
        for (const command of ["make", "set"]) {
          const { exitCode, all } = await run(["key", command, "--replace"], env);
          if (isUsable) expect(exitCode, all).toBe(0);
          else
            expect({ exitCode, all }).toMatchObject({
              exitCode: 2,
              all: expect.stringMatching(/Set HOME or RENDERFARM_CONFIG_DIR/),
            });
        }
        const given = { ...env, RENDERFARM_KEY: someKey };
        expect(await run(["key"], given)).toMatchObject({ exitCode: 0 });
        if (kind === "foreign") {
          const onFarm = [
            "scene.blend",
            "-o",
            "film.mp4",
            "--nodes",
            "127.0.0.1:9",
            "--wait",
            "1s",
            "--plain",
            "--yes",
          ];
          const { exitCode, all } = await run(onFarm, given);
          expect({ exitCode, all }).toMatchObject({
            exitCode: 2,
            all: expect.stringMatching(/known-nodes(.|\n)*Set HOME/),
          });
        }
        if (kind !== "unset") return; // the others would give the same result, and discovery takes a while
        expect(await run(["nodes"], given)).toMatchObject({ exitCode: 3, all: expect.stringContaining("Cannot find") });
        expect(await run(["farmspec"], given)).toMatchObject({
          exitCode: 3,
          all: expect.stringContaining("no render node"),
        });
      });

      test("a node serves if a key and a cache are given; otherwise it says how to give them", async () => {
        const env = await withFolder("HOME", kind);
        const said = await nodeServes({ ...env, RENDERFARM_CACHE_DIR: join(folder, "cache") });
        expect(said.includes("for this run only"), said).toBe(!isUsable);
        if (isUsable) return;
        const withoutKey = await run(["node", "--no-mdns", "--port", "0"], env);
        expect(withoutKey).toMatchObject({
          exitCode: 2,
          all: expect.stringMatching(/Set RENDERFARM_KEY .*--key-file/),
        });
        if (kind === "full") return; // its folders can be made; blendfiles will be refused
        const withoutCache = await run(["node", "--no-mdns", "--port", "0"], { ...env, RENDERFARM_KEY: someKey });
        expect(withoutCache).toMatchObject({
          exitCode: 2,
          all: expect.stringMatching(/--cache-dir or RENDERFARM_CACHE_DIR/),
        });
      });

      test("a local render works, or says which folder it needs; doctor reports the problem", async () => {
        const env = { ...(await withFolder("HOME", kind)), RENDERFARM_KEY: someKey };
        const { exitCode, all } = await run(render, env);
        if (isUsable) expect(exitCode, all).toBe(0);
        else
          expect({ exitCode, all }).toMatchObject({
            exitCode: 3,
            all: expect.stringMatching(kind === "full" ? /DISK_FULL|No space left/ : /RENDERFARM_CACHE_DIR\n/),
          });
        const { all: found } = await run(["doctor"], env);
        expect(/warning {2}Cache folder: .*\n *-> Set HOME or RENDERFARM_CACHE_DIR/.test(found), found).toBe(!isUsable);
        expect(/warning {2}Home: .*\n *-> Set HOME/.test(found), found).toBe(kind === "unset");
      });
    },
  );

  test.each<[Place]>([["absent"], ["readOnly"], ["full"]])(
    "with a temporary folder that is %s, nodes serve or say what to set, and local renders and doctor say what to set",
    async (kind) => {
      const env = { HOME: folder, RENDERFARM_KEY: someKey, ...(await withFolder("TMPDIR", kind)) };
      if (kind !== "readOnly") await nodeServes(env);
      else {
        // Blender would use the folder directly, and empty it at its end.
        const node = await run(["node", "--no-mdns", "--port", "0"], env);
        expect(node).toMatchObject({ exitCode: 2, all: expect.stringMatching(/\n.*or set TMPDIR/) });
      }
      expect(await run(render, env)).toMatchObject({
        exitCode: 3,
        all: expect.stringMatching(/\n {2}Set TMPDIR to a folder/),
      });
      const { exitCode, all } = await run(["doctor"], env);
      expect({ exitCode, all }).toMatchObject({
        ...{ exitCode: 3, all: expect.stringMatching(/PROBLEM {2}Temporary folder: .*\n *-> Set TMPDIR/) },
      });
    },
  );
});
