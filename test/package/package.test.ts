import { existsSync } from "node:fs";
import { copyFile, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { keyframedScene } from "../support/blender.ts";
import { blenderLabProblem, skipBecause } from "../support/lab/lab.ts";
import { videoFacts } from "../support/lab/lab-video.ts";
import { installInto, npx, type PackedPackage, packInto, projectFolder, registryProgram } from "../support/package.ts";

let folder: string;
let packed: PackedPackage;
let film: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "renderfarm-package-"));
  packed = await packInto(folder);
  film = join(folder, "film");
  await installInto(film, packed.tarball);
});

afterAll(() => rm(folder, { recursive: true, force: true, maxRetries: 3 }));

describe("the tarball", () => {
  test("holds what a user needs", () => {
    expect(packed.files).toEqual(
      expect.arrayContaining([
        "LICENSE",
        "README.md",
        "CHANGELOG.md",
        "package.json",
        "farmspec.example.json",
        "farmspec.schema.json",
        "dist/index.js",
        "dist/index.d.ts",
        "dist/cli/main.js",
        "blender_scripts/main.py",
        "blender_scripts/slot_main.py",
        "blender_scripts/vendor/websockets/__init__.py",
        "blender_scripts/vendor/zeroconf/__init__.py",
        "docs/protocol.md",
      ]),
    );
  });

  test("holds the licence of each library it includes", () => {
    const isLicence = /^blender_scripts\/vendor\/(\w+)-.*(licen[cs]e|copying|copyright)/i;
    const licensed = packed.files.map((file) => isLicence.exec(file)?.[1]).filter((name) => name !== undefined);
    expect([...new Set(licensed)].sort()).toEqual(["async_timeout", "ifaddr", "websockets", "zeroconf"]);
  });

  test("holds every Python file of the node", async () => {
    const scripts = await readdir(join(projectFolder, "blender_scripts"), { recursive: true });
    const python = scripts.filter((file) => file.endsWith(".py")).map((file) => `blender_scripts/${file}`);
    expect(python.filter((file) => !packed.files.includes(file))).toEqual([]);
  });

  test("holds no tests, no sources, no caches and no compiled parts", () => {
    const unwanted =
      /^(test|src|scripts|demo|\.ci|\.cache)\/|__pycache__|_cache\/|\.(pyc|so|pyd|tgz|tsbuildinfo)$|\.test\./;
    expect(packed.files.filter((file) => unwanted.test(file))).toEqual([]);
  });
});

describe("installed into an empty folder", () => {
  test("npx --no-install renderfarm prints its version and its help", async () => {
    const { version } = JSON.parse(await readFile(join(projectFolder, "package.json"), "utf8")) as { version: string };
    expect(await npx(film, ["renderfarm", "--version"])).toMatchObject({ exitCode: 0, stdout: version });
    const help = await npx(film, ["renderfarm", "--help"]);
    expect(help).toMatchObject({ exitCode: 0 });
    expect(help.stdout).toContain("--blend");
  });

  test.skipIf(skipBecause(blenderLabProblem))("npx --no-install renderfarm --local renders", async () => {
    const scene = await keyframedScene({ frames: 24, samples: 100 });
    await copyFile(scene.blendfile, join(film, "scene.blend"));
    const words = ["renderfarm", "scene.blend", "-o", "film.mp4", "--frames", "1-3", "--local", "--yes"];

    const run = await npx(film, words);

    expect(run.exitCode, run.all).toBe(0);
    expect(await videoFacts(join(film, "film.mp4"))).toMatchObject({ frames: 3, codec: "h264", width: 96, height: 54 });
  });

  test("its API can be imported", async () => {
    const program = 'const { renderJob } = await import("blender-renderfarm"); console.log(typeof renderJob);';
    const { stdout } = await execa(process.execPath, ["--input-type=module", "-e", program], { cwd: film });
    expect(stdout).toBe("function");
  });

  test("its types need nothing that only its developers have", async () => {
    // The user has Node's own types, but no other `@types` packages.
    const nodeTypes = join(projectFolder, "node_modules/@types/node");
    const using = 'import { renderJob } from "blender-renderfarm";\nexport type Job = ReturnType<typeof renderJob>;\n';
    await writeFile(join(film, "using.ts"), using);
    const compiler = join(projectFolder, "node_modules/typescript/bin/tsc");
    const target = ["--noEmit", "--strict", "--target", "ES2022", "--lib", "ES2023,ESNext.Disposable"];
    const modules = ["--module", "NodeNext", "--skipLibCheck", "false", "--types", nodeTypes];
    const check = await execa(process.execPath, [compiler, ...target, ...modules, "using.ts"], {
      cwd: film,
      reject: false,
    });
    expect(check.stdout).toBe("");
  });
});

test("installed globally, it provides the commands renderfarm and blender-renderfarm", async () => {
  const prefix = join(folder, "global");
  const install = ["install", "--global", "--prefix", prefix, "--no-audit", "--no-fund", "--prefer-offline"];
  await execa("npm", [...install, packed.tarball], { cwd: folder });
  const { version } = JSON.parse(await readFile(join(projectFolder, "package.json"), "utf8")) as { version: string };
  for (const name of ["renderfarm", "blender-renderfarm"]) {
    const { stdout } = await execa(join(prefix, process.platform === "win32" ? "" : "bin", name), ["--version"]);
    expect(stdout).toBe(version);
  }
});

test("hints name the command that was typed: in a project, globally, by npx as after publishing, and in a clone", async () => {
  const hintOf = async (command: string, words: readonly string[], cwd: string) => {
    const env = { PATH: process.env.PATH ?? "", HOME: join(folder, "home"), npm_config_update_notifier: "false" };
    const { stderr } = await execa(command, words, { cwd, env, extendEnv: false, reject: false, stdin: "ignore" });
    return (
      /^ {2}Give the blendfile to render: (.*) --blend scene\.blend --output out\.mp4$/m.exec(stderr)?.[1] ?? stderr
    );
  };
  const global = join(folder, "global", process.platform === "win32" ? "" : "bin", "renderfarm");
  const published = ["--yes", "--prefer-offline", "--package", packed.tarball, "blender-renderfarm"];
  expect([
    await hintOf("npx", ["--no-install", "renderfarm"], film),
    await hintOf(global, [], folder),
    await hintOf("npx", published, folder),
    await hintOf("npx", ["--no-install", "renderfarm"], projectFolder),
    await hintOf(process.execPath, ["dist/cli/main.js"], projectFolder),
  ]).toEqual([
    ...["npx --no-install renderfarm", "renderfarm", "npx blender-renderfarm"],
    ...["npx --no-install renderfarm", "node dist/cli/main.js"],
  ]);
});

describe("what other tools say about the package", () => {
  test("publint finds nothing", async () => {
    const { exitCode, all } = await registryProgram("publint@0.3.25", ["--strict", packed.tarball], folder);
    expect(exitCode, all).toBe(0);
    expect(all).toContain("All good");
  });

  test("attw finds its types correct for ES modules", async () => {
    const args = [packed.tarball, "--profile", "esm-only", "--no-emoji", "--no-color"];
    const { exitCode, all } = await registryProgram("@arethetypeswrong/cli@0.18.5", args, folder);
    expect(exitCode, all).toBe(0);
    expect(all).toContain("OK (ESM)");
  });
});

describe("production dependencies", () => {
  test("none runs a script on installation", async () => {
    const lockfile = JSON.parse(await readFile(join(projectFolder, "package-lock.json"), "utf8")) as Lockfile;
    const scripted = Object.entries(lockfile.packages).filter(([, entry]) => entry.hasInstallScript && !entry.dev);
    expect(scripted.map(([path]) => path)).toEqual([]);
  });

  test("neither does the package itself", async () => {
    const own = JSON.parse(await readFile(join(film, "node_modules/blender-renderfarm/package.json"), "utf8")) as {
      scripts?: Record<string, string>;
    };
    const atInstall = Object.keys(own.scripts ?? {}).filter((name) => /^(pre|post)?install$|^prepare$/.test(name));
    expect(atInstall).toEqual([]);
    expect(existsSync(join(film, "node_modules/.bin/renderfarm"))).toBe(true);
  });
});

interface Lockfile {
  readonly packages: Readonly<Record<string, { readonly hasInstallScript?: boolean; readonly dev?: boolean }>>;
}
