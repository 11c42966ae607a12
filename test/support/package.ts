import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { execa, type Options } from "execa";

export const projectFolder = fileURLToPath(new URL("../..", import.meta.url));

/** The package as npm would publish it. */
export interface PackedPackage {
  readonly tarball: string;
  /** Paths in the package, "dist/index.js". */
  readonly files: readonly string[];
}

/** Packs the project as `npm publish` does. */
export async function packInto(folder: string): Promise<PackedPackage> {
  const { stdout } = await execa("npm", ["pack", "--json", "--pack-destination", folder], { cwd: projectFolder });
  const [packed] = JSON.parse(stdout) as { filename: string; files: { path: string }[] }[];
  if (packed === undefined) throw new Error(`Cannot find what npm packed: ${stdout}`);
  return { tarball: join(folder, packed.filename), files: packed.files.map(({ path }) => path) };
}

/** Installs a tarball and its production dependencies into a new project, as a user would. */
export async function installInto(folder: string, tarball: string): Promise<void> {
  await mkdir(folder);
  await writeFile(join(folder, "package.json"), `${JSON.stringify({ name: "film", private: true, type: "module" })}\n`);
  await execa("npm", ["install", "--no-audit", "--no-fund", "--prefer-offline", tarball], { cwd: folder });
}

/** How a command ended, and its output: both streams in `all`. */
export interface CommandEnd {
  readonly exitCode: number | undefined;
  readonly stdout: string;
  readonly all: string;
}

/** Runs a command of an installed package by npx, which may fetch nothing, in a clean environment. */
export function npx(folder: string, words: readonly string[]): Promise<CommandEnd> {
  const env = { PATH: process.env.PATH ?? "", HOME: folder, LANG: "C.UTF-8", npm_config_update_notifier: "false" };
  return endOf("npx", ["--no-install", ...words], { cwd: folder, env, extendEnv: false });
}

/** Runs a program of the registry at an exact version. */
export function registryProgram(name: string, args: readonly string[], cwd: string): Promise<CommandEnd> {
  return endOf("npx", ["--yes", "--prefer-offline", name, ...args], { cwd });
}

async function endOf(command: string, args: readonly string[], place: Options): Promise<CommandEnd> {
  const end = await execa(command, args, { ...place, reject: false, all: true, timeout: 150_000 });
  return { exitCode: end.exitCode, stdout: String(end.stdout), all: String(end.all) };
}
