import { readdirSync, readFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { describe, expect, test } from "vitest";
import { ownCommand } from "../../src/core/own-command.ts";
import { serveNpmPackage } from "../support/npm-registry.ts";
import { makeTemporaryFolder } from "../support/temporary-folder.ts";

const project = fileURLToPath(new URL("../..", import.meta.url));
const builder = new URL("../../scripts/build.mjs", import.meta.url).href;

/** Every file in which a user may read what to type. */
function textsForUsers(): string[] {
  const folders = ["docs", "src", "scripts", "blender_scripts/farm_node", "blender_scripts/farm_slot"];
  const inFolders = folders.flatMap((folder) =>
    readdirSync(join(project, folder), { recursive: true, encoding: "utf8" }).map((name) => `${folder}/${name}`),
  );
  const files = inFolders.filter((name) => /\.(md|svg|ts|mjs|py)$/.test(name));
  return ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "package.json", "blender_scripts/main.py", ...files];
}

/** The npx commands in a file that may run a package of that name, with the words before them. */
function npxIn(file: string): string[] {
  const text = readFileSync(join(project, file), "utf8").replaceAll(/\s+/g, " ");
  return [...text.matchAll(/.{0,13}\bnpx (?:--?[\w-]+ )*[\w-]*renderfarm/g)].map(([found]) => found);
}

describe("npx, which runs somebody else's package when used wrongly,", () => {
  test("is only shown in its safe forms, wherever a user may read what to type", () => {
    const isSafe = /npx (--no-install renderfarm|blender-renderfarm)$/;
    const isWarning = /(Do not type|an earlier|It is never) `npx renderfarm$/;
    const unsafe = textsForUsers().flatMap((file) =>
      npxIn(file).flatMap((found) => (isSafe.test(found) || isWarning.test(found) ? [] : [`${file}: ${found}`])),
    );
    expect(unsafe).toEqual([]);
  });

  test("is first mentioned in the README as a warning, before anything that could be copied", () => {
    const readme = readFileSync(join(project, "README.md"), "utf8");
    expect(readme.indexOf("**Do not type `npx renderfarm`.**")).toBe(readme.indexOf("npx") - "**Do not type `".length);
    const [first] = /(?<=^```\n)[\s\S]*?(?=^```$)/m.exec(readme) ?? [];
    expect(first).toBe("renderfarm --blend scene.blend --output out.mp4\n"); // not found where it is not installed
    const published = readme.split("\n").filter((line) => line.includes("npx blender-renderfarm"));
    expect(published).toEqual([expect.stringContaining("once the package is published")]);
  });

  test("typed as in the README, runs nothing in a folder without the package, and our program in a clone", async () => {
    const { build } = (await import(/* @vite-ignore */ builder)) as { build: (say: () => void) => Promise<void> };
    await build(() => {});
    await using folder = await makeTemporaryFolder();
    const path = (name: string) => join(folder.path, name);
    await using registry = await serveNpmPackage("renderfarm", "somebody else's program", path("other"));
    await mkdir(path("empty"));
    await writeFile(path("npmrc"), `registry=${registry.url}\nfetch-retries=0\nupdate-notifier=false\n`);
    const npx = (cwd: string, cache: string, words: readonly string[]) =>
      execa("npx", words, {
        ...{ cwd, extendEnv: false, reject: false, stdin: "ignore" },
        env: {
          ...{ PATH: process.env.PATH ?? "", HOME: path("empty"), npm_config_cache: path(cache) },
          ...{ npm_config_userconfig: path("npmrc"), npm_config_globalconfig: path("none") },
        },
      });

    const refused = await npx(path("empty"), "cache-1", ["--no-install", "renderfarm", "--version"]);
    expect(refused.exitCode).not.toBe(0);
    expect(refused.stdout).toBe("");
    expect(refused.stderr).toContain("canceled");
    expect(registry.asked).toEqual(["/renderfarm"]); // only which package it would be, and no files of it

    const ours = await npx(project, "cache-2", ["--no-install", "renderfarm", "--version"]);
    const { version } = JSON.parse(readFileSync(join(project, "package.json"), "utf8")) as { version: string };
    expect([ours.stdout, ours.exitCode]).toEqual([version, 0]);

    // Proof that the test would notice: without the flag, the other program runs.
    const unsafe = await npx(path("empty"), "cache-3", ["renderfarm", "--version"]);
    expect(unsafe.stdout).toBe("somebody else's program");
  });
});

test("hints show the command as the user typed it", () => {
  const npm = { npm_execpath: "/usr/lib/node_modules/npm/bin/npm-cli.js" };
  const started = (program: string, environment = {}, file = "/film/node_modules/blender-renderfarm/dist/core/x.js") =>
    ownCommand({ program, environment, file, workingFolder: "/home/ada/film", platform: "linux" });
  expect(started("/usr/local/bin/renderfarm")).toBe("renderfarm");
  expect(started("C:\\Users\\me\\npm\\node_modules\\blender-renderfarm\\dist\\cli\\main.js")).toBe("renderfarm");
  expect(started("/film/my-program.mjs")).toBe("renderfarm");

  expect(started("/home/ada/film/node_modules/.bin/renderfarm", npm)).toBe("npx --no-install renderfarm");
  expect(started("/home/ada/film/node_modules/.bin/renderfarm")).toBe("npx --no-install renderfarm");
  expect(started("/home/me/.npm/_npx/1a2b/node_modules/.bin/renderfarm", npm)).toBe("npx --no-install renderfarm");
  for (const cache of ["/home/me/.npm/_npx/1a2b", "C:\\Users\\me\\npm-cache\\_npx\\1a2b"]) {
    const file = `${cache}/node_modules/blender-renderfarm/dist/core/own-command.js`;
    expect(started(`${cache}/node_modules/.bin/blender-renderfarm`, npm, file)).toBe("npx blender-renderfarm");
  }

  expect(started("/home/ada/film/dist/cli/main.js")).toBe("node dist/cli/main.js");
  expect(started("/home/ada/films/dist/cli/main.js")).toBe("node /home/ada/films/dist/cli/main.js");
  expect(started("/my programs/renderfarm/dist/cli/main.js")).toBe("node '/my programs/renderfarm/dist/cli/main.js'");
});
