/**
 * Renders a sample on two nodes on this machine, as a user would on two machines: `npm run demo`.
 * The sample and its video stay in demo/; everything else that it starts or writes is removed.
 */
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { answersByMdns } from "./demo/mdns-probe.mjs";
import { startNode } from "./demo/node.mjs";
import { startGroup } from "./demo/process-group.mjs";
import { findBlender, projectFolder, run } from "./setup/tools.mjs";

const blendfile = "demo/sample.blend";
const video = "demo/sample.mp4";

/** The exit statuses that a shell reports for interrupted programs. */
const interruptedStatus = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 };

const interruption = new AbortController();
/** @type {(signal: NodeJS.Signals) => void} */
let passOn = () => {};
for (const [signal, status] of Object.entries(interruptedStatus)) {
  process.on(signal, () => {
    process.exitCode = status;
    interruption.abort();
    passOn(/** @type {NodeJS.Signals} */ (signal));
  });
}

const folder = mkdtempSync(join(tmpdir(), "renderfarm-demo-"));
/** @type {import("./demo/node.mjs").DemoNode[]} */
let nodes = [];
try {
  const blender = findBlender();
  if (blender === undefined) throw new Error("Cannot find Blender: run `npm run setup`, which installs it or says how");
  // The nodes and the coordinator share one random key, in their environment only: every user can read arguments.
  const env = { ...process.env, RENDERFARM_KEY: newKey(), TMPDIR: folder, TEMP: folder, TMP: folder };

  await makeSample(blender, env);
  console.log("Starting two nodes");
  nodes = await startNodes(blender, env);
  if (!interruption.signal.aborted) process.exitCode = await render(await nodeArguments(), env);
  if (process.exitCode === 0) console.log(`The video: ${join(projectFolder, video)}`);
} catch (error) {
  if (!interruption.signal.aborted) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
} finally {
  await Promise.all(nodes.map((node) => node.stop()));
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}

/** 160 random bits, in base32 like all keys. */
function newKey() {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  return Array.from(randomBytes(32), (byte) => alphabet[byte % alphabet.length]).join("");
}

/**
 * @param {string} blender
 * @param {NodeJS.ProcessEnv} env
 */
async function makeSample(blender, env) {
  const recipe = join(projectFolder, "scripts/demo/scene.py");
  const target = join(projectFolder, blendfile);
  // Kept between runs: an interrupted render can only continue with the same file.
  if (existsSync(target) && statSync(target).mtimeMs > statSync(recipe).mtimeMs) return;
  console.log(`Making ${blendfile}`);
  mkdirSync(join(projectFolder, "demo"), { recursive: true });
  const quiet = ["-b", "--factory-startup", "-noaudio", "--python-exit-code", "1"];
  const made = await run(blender, [...quiet, "-P", recipe, "--", target], { env, timeoutMs: 120_000 });
  if (!made.ok) throw new Error(`Cannot make the sample scene: Blender failed\n${made.output.trim()}`);
}

/**
 * @param {string} blender
 * @param {NodeJS.ProcessEnv} env
 */
async function startNodes(blender, env) {
  const starts = ["demo-one", "demo-two"].map((name) => {
    const own = join(folder, name);
    mkdirSync(own);
    return startNode({ blender, name, folder: own, env, signal: interruption.signal });
  });
  const results = await Promise.allSettled(starts);
  const started = results.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
  const failure = results.find((result) => result.status === "rejected");
  if (failure === undefined) return started;
  await Promise.all(started.map((node) => node.stop()));
  throw failure.reason;
}

/** No arguments if mDNS finds the nodes, as in normal use; otherwise their addresses. */
async function nodeArguments() {
  if (await answersByMdns(nodes.map((node) => node.id))) return [];
  console.log("This machine's network does not carry mDNS, so the nodes are given by address");
  return ["--nodes", nodes.map((node) => `127.0.0.1:${node.port}`).join(",")];
}

/**
 * Runs the program on the sample, shown as a user would type it.
 *
 * @param {readonly string[]} nodeNames
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<number>} its exit status
 */
async function render(nodeNames, env) {
  const args = ["--blend", blendfile, "--output", video, "--overwrite", "--no-save-farmspec", ...nodeNames];
  console.log(`\n$ npx --no-install renderfarm ${args.join(" ")}`);
  const program = join(projectFolder, "dist/cli/main.js");
  const configuration = { RENDERFARM_CONFIG_DIR: join(folder, "config"), RENDERFARM_CACHE_DIR: join(folder, "cache") };
  const group = startGroup(process.execPath, [program, ...args, "--yes"], {
    env: { ...env, ...configuration },
    stdio: ["ignore", "inherit", "inherit"],
  });
  // There the first signal drains and the second aborts, so every signal is passed on.
  passOn = (signal) => group.child.kill(signal);
  const { code, signal, error } = await group.ended;
  if (error !== undefined) throw error;
  return code ?? interruptedStatus[/** @type {keyof typeof interruptedStatus} */ (signal)] ?? 1;
}
