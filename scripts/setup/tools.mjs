import { spawn } from "node:child_process";
import { accessSync, constants, readdirSync, statSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

/** Root folder of the project, absolute. */
export const projectFolder = fileURLToPath(new URL("../..", import.meta.url));

/** How much output of a command is kept, in characters: enough for any error message, and little memory. */
const keptCharacters = 200_000;

/**
 * Runs a program to its end and never rejects: a program that cannot be started counts as failed.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{cwd?: string, env?: NodeJS.ProcessEnv, timeoutMs?: number, shell?: boolean}} [options] timeoutMs: the
 *   program is killed after this time (default 20 minutes)
 * @returns {Promise<{ok: boolean, output: string}>} output: what it wrote to both streams; only the end if it is long
 */
export function run(command, args, options = {}) {
  return new Promise((resolve) => {
    let output = "";
    const child = spawn(command, args, {
      cwd: options.cwd ?? projectFolder,
      env: options.env ?? process.env,
      shell: options.shell ?? false,
      stdio: ["ignore", "pipe", "pipe"],
      timeout: options.timeoutMs ?? 20 * 60_000,
      killSignal: "SIGKILL",
    });
    const keep = (/** @type {Buffer} */ piece) => {
      output = (output + piece.toString()).slice(-keptCharacters);
    };
    child.stdout.on("data", keep);
    child.stderr.on("data", keep);
    child.on("error", (error) => resolve({ ok: false, output: output + error.message }));
    child.on("close", (code) => resolve({ ok: code === 0, output }));
  });
}

/**
 * @param {string} name a program's name without an extension
 * @returns {string | undefined} its file, found on PATH
 */
export function findOnPath(name) {
  const extensions = process.platform === "win32" ? (process.env.PATHEXT ?? ".EXE").split(";") : [""];
  for (const folder of (process.env.PATH ?? "").split(delimiter)) {
    for (const extension of extensions) {
      const file = join(folder, name + extension);
      if (folder !== "" && isProgram(file)) return file;
    }
  }
  return undefined;
}

/**
 * Looks for Blender in $BLENDER, then on PATH, then where its installers put it.
 *
 * @returns {string | undefined}
 */
export function findBlender() {
  if (process.env.BLENDER)
    return isProgram(process.env.BLENDER) ? process.env.BLENDER : findOnPath(process.env.BLENDER);
  return findOnPath("blender") ?? installedBlenders().find(isProgram);
}

/** @returns {string | undefined} */
export function findFfmpeg() {
  return givenOrOnPath(process.env.FFMPEG_PATH, "ffmpeg");
}

/** @returns {string | undefined} */
export function findFfprobe() {
  return givenOrOnPath(process.env.FFPROBE_PATH, "ffprobe");
}

/**
 * Every Python 3.9 or newer on this machine. The system's own comes first: version managers put others on PATH for
 * other projects.
 *
 * @returns {AsyncGenerator<string>}
 */
export async function* pythons() {
  const onPath = ["python3", "python", "py"].flatMap((name) => findOnPath(name) ?? []);
  for (const candidate of new Set(["/usr/bin/python3", ...onPath].filter(isProgram))) {
    const check = "import sys; sys.exit(sys.version_info < (3, 9))";
    if ((await run(candidate, ["-c", check], { timeoutMs: 30_000 })).ok) yield candidate;
  }
}

/** @returns {Promise<string | undefined>} */
export async function findPython() {
  for await (const python of pythons()) return python;
  return undefined;
}

/**
 * @param {string | undefined} given
 * @param {string} name
 */
function givenOrOnPath(given, name) {
  if (given) return isProgram(given) ? given : undefined;
  return findOnPath(name);
}

/** @param {string} file */
function isProgram(file) {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

/** Where the official installers put Blender, newest version first. */
function installedBlenders() {
  if (process.platform === "darwin") return ["/Applications/Blender.app/Contents/MacOS/Blender"];
  if (process.platform !== "win32") return [];
  const parent = join(process.env.ProgramFiles ?? "C:\\Program Files", "Blender Foundation");
  try {
    const newestFirst = readdirSync(parent).sort((a, b) => b.localeCompare(a, "en", { numeric: true }));
    return newestFirst.map((folder) => join(parent, folder, "blender.exe"));
  } catch {
    return [];
  }
}
