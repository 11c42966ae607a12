/** Runs the unit tests that depend on the system, with Node for Windows under Wine. */
import { spawn } from "node:child_process";
import {
  closeSync,
  cpSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { extname, join } from "node:path";
import { projectFolder, run } from "../setup/tools.mjs";

/**
 * @typedef {import("./wine.mjs").WindowsTools} WindowsTools
 * @typedef {{file: string, name: string, state: "pass" | "fail" | "skip", errors: string[]}} TestResult
 */

/** The folders of test/ with tests that depend on the system. */
const folders = ["blendfile", "cli", "config", "core", "discovery", "encode", "farm", "frames", "session", "system"];
/**
 * What cannot run there, or says nothing about Windows: whole files, or tests whose name contains `test`.
 *
 * @type {readonly {file: string, test?: string, why: string}[]}
 */
const unfit = [
  ...["cli/bad-input", "cli/main", "system/files/owners"].map((name) => ({
    file: `test/${name}.test.ts`,
    why: "it builds the program, and the installed compiler is Linux's",
  })),
  ...[
    "encode/refused-frames",
    "farm/job/attempt-counts",
    "farm/nodes/node-pool",
    "farm/report/report-of-a-job",
    "farm/nodes/trust/trust-tls",
  ].map((name) => ({
    file: `test/${name}.test.ts`,
    why: "it takes long there, and other tests use the same parts of the system",
  })),
  { file: "test/config/folders.test.ts", why: "it compares with the node's Python, which is Linux's" },
  {
    file: "test/encode/formats.test.ts",
    why: "it expects the output of a newer FFmpeg; the videos of the Windows renders are compared instead",
  },
  ...["encode/encoder", "encode/ffmpeg/ffmpeg-tools", "encode/orphan"].map((name) => ({
    file: `test/${name}.test.ts`,
    why: "it stops programs with Unix signals, or replaces them with shell scripts",
  })),
  {
    ...{
      file: "test/farm/job/encode-stored.test.ts",
      test: "is finished without any node if the previous run failed",
    },
    why: "it replaces FFmpeg with a shell script",
  },
  {
    ...{ file: "test/farm/job/pictures.test.ts", test: "frames that FFmpeg refuses take their pictures along" },
    why: "it replaces FFmpeg with a shell script",
  },
  {
    ...{
      file: "test/frames/pictures/picture-check.test.ts",
      test: "a link is not followed, and a check ends when it is aborted",
    },
    why: "it makes a Unix link",
  },
  {
    ...{ file: "test/cli/hostile-texts.test.ts", test: "the log on a terminal, on a pipe and in log.ndjson" },
    why: "a program keeps its log open until it ends, and Windows cannot delete a folder with an open file",
  },
  {
    ...{
      file: "test/frames/lock/lock.test.ts",
      test: "shows signs of life, notices when another process has taken it",
    },
    why: "on Windows nobody can take a lock file that its holder has open",
  },
  ...[
    { file: "encode/output-target", test: "a name that no file system accepts" },
    { file: "farm/long-names", test: "a video whose name is too long for '.renderfarm'" },
    { file: "farm/long-names", test: "a name that is too long for a file" },
  ].map(({ file, test }) => ({
    ...{ file: `test/${file}.test.ts`, test },
    why: "Windows limits the letters of a name, and the file system below Wine its bytes",
  })),
  {
    ...{ file: "test/farm/nodes/trust/known-nodes.test.ts", test: "a file that cannot be read is an error" },
    why: "Windows reports a path below a file as missing, which is not an error",
  },
  {
    file: "test/farm/nodes/trust/open-nodes.test.ts",
    test: "a yes that cannot be saved",
    why: "it makes a Unix link",
  },
  { file: "test/config/farmspec.test.ts", test: "cannot be outside it: link", why: "it makes a Unix link" },
];
/** These tests need the bundler, to replace imported modules or for inline snapshots. */
const needsBundler = /\bvi\.(mock|hoisted|useFakeTimers)\b|toMatchInlineSnapshot/;
const timeoutMs = 12 * 60_000;
const compiled = join(projectFolder, ".cache/windows-tests");

/**
 * @param {WindowsTools} tools
 * @param {string} prefix the Wine prefix for this run
 * @param {(line: string) => void} say
 * @returns {Promise<import("../tests/vitest.mjs").TestCounts>}
 */
export async function runUnitTests(tools, prefix, say) {
  const all = testFiles();
  const files = all.filter((file) => unfit.every((one) => one.test !== undefined || one.file !== file));
  const stale = unfit.filter(({ file }) => !all.includes(file));
  if (stale.length > 0)
    throw new Error(`Cannot skip test files that do not exist: ${stale.map(({ file }) => file).join(", ")}`);
  for (const { file, test, why } of unfit) say(`Skipped: ${file}${test === undefined ? "" : `, "${test}"`}: ${why}`);
  await compile();
  writeFileSync(
    join(compiled, "plan.json"),
    JSON.stringify({
      files: files.map(compiledName),
      unfit: unfit.map((one) => ({ ...one, file: compiledName(one.file) })),
    }),
  );
  const report = join(compiled, "report.json");
  const output = join(compiled, "output.txt");
  const env = { ...process.env, ...tools.environment, WINEPREFIX: prefix };
  say(`Unit tests under Wine: ${files.length} files`);
  const ended = await runInto(
    output,
    [tools.wine, tools.programs.node, "run-files.js", "plan.json", "report.json"],
    env,
  );
  const results = existsSync(report) ? /** @type {TestResult[]} */ (JSON.parse(readFileSync(report, "utf8"))) : [];
  for (const { file, name, errors } of results.filter(({ state }) => state === "fail")) {
    say(`FAIL ${file}: ${name}\n${errors.join("\n").replaceAll(/^/gm, "  ")}`);
  }
  const count = (/** @type {TestResult["state"]} */ wanted) => results.filter(({ state }) => state === wanted).length;
  const unfinished = ended && existsSync(report) ? 0 : 1;
  if (unfinished > 0)
    say(`FAIL: the run did not finish; its last output:\n${readFileSync(output, "utf8").slice(-2000)}`);
  const failed = count("fail") + unfinished;
  return { ok: failed === 0, passed: count("pass"), failed, skipped: count("skip") };
}

/** @returns {string[]} for example "test/core/units.test.ts" */
function testFiles() {
  return folders.flatMap((folder) =>
    readdirSync(join(projectFolder, "test", folder), { recursive: true, encoding: "utf8" })
      .filter((file) => file.endsWith(".test.ts"))
      .map((file) => join("test", folder, file))
      .filter((file) => !needsBundler.test(readFileSync(join(projectFolder, file), "utf8")))
      .sort(),
  );
}

/** @param {string} file */
function compiledName(file) {
  return file.replace(/\.ts$/, ".js");
}

/** Compiles sources and tests to JavaScript that the oldest Node runs, and copies the tests' other files. */
async function compile() {
  rmSync(compiled, { recursive: true, force: true });
  const options = ["-p", "tsconfig.check.json", "--noEmit", "false", "--noCheck", "--outDir", compiled];
  const compiler = join(projectFolder, "node_modules/typescript/bin/tsc");
  const result = await run(process.execPath, [compiler, ...options]);
  if (!result.ok) throw new Error(`Cannot compile the tests:\n${result.output}`);
  const isOther = (/** @type {string} */ file) => statSync(file).isDirectory() || extname(file) !== ".ts";
  for (const folder of ["test", "docs", "scripts"]) {
    cpSync(join(projectFolder, folder), join(compiled, folder), { recursive: true, filter: isOther });
  }
  for (const file of ["package.json", "README.md", "farmspec.example.json", "farmspec.schema.json"]) {
    cpSync(join(projectFolder, file), join(compiled, file));
  }
  for (const name of ["blender_scripts", "dist"]) symlinkSync(join(projectFolder, name), join(compiled, name));
  mkdirSync(join(compiled, "node_modules"));
  cpSync(join(projectFolder, "scripts/windows/stand-in"), join(compiled, "node_modules/vitest"), { recursive: true });
  cpSync(join(projectFolder, "scripts/windows/run-files.js"), join(compiled, "run-files.js"));
}

/**
 * Runs a program with its output in a file: Node for Windows cannot write to a Unix pipe.
 *
 * @param {string} output
 * @param {readonly string[]} words
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<boolean>} true if it ended with status 0
 */
function runInto(output, [command = "", ...args], env) {
  const file = openSync(output, "w");
  return new Promise((resolve, reject) => {
    const options = { cwd: compiled, env, timeout: timeoutMs, killSignal: /** @type {const} */ ("SIGKILL") };
    const child = spawn(command, args, { ...options, stdio: ["ignore", file, file] });
    closeSync(file);
    child.on("error", reject);
    child.on("close", (code) => resolve(code === 0));
  });
}
