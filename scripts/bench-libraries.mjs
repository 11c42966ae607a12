/**
 * Measures how long it takes until a node can render a scene that links many libraries, which it does not have:
 * `npm run bench:libraries -- [--libraries 300] [--pictures 2000]`
 *
 * The node opens the blendfile, gets what is missing, and opens it again, until nothing is missing: libraries name
 * others. That is compared with Blender's own opening of the whole, in a new process each time. Needs a Blender.
 */
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs, promisify } from "node:util";
import { checkScene } from "../dist/index.js";
import { findBlender, projectFolder } from "./setup/tools.mjs";

const run = promisify(execFile);
const openings = 5;
const most = 3;

const { values } = parseArgs({
  options: {
    libraries: { type: "string", default: "300" },
    pictures: { type: "string", default: "2000" },
    folder: { type: "string", default: tmpdir() },
  },
});

const blender = findBlender();
if (blender === undefined) throw new Error("There is no Blender on PATH");
const folder = await mkdtemp(join(values.folder, "renderfarm-bench-"));
try {
  const project = join(folder, "project");
  const start = ["-b", "--factory-startup", "-noaudio", "--python-exit-code", "1"];
  const recipe = join(projectFolder, "scripts/bench-libraries/scene.py");
  await run(blender, [...start, "-P", recipe, "--", project, values.libraries, values.pictures], {
    maxBuffer: 2 ** 28,
  });
  const blend = join(project, "shot.blend");
  const empty = await median(() => run(blender, [...start, "--python-expr", "0"]));
  const alone = await median(() => run(blender, ["-b", blend, "-noaudio", "--python-expr", "0"]));
  const whole = await check(blend, folder, "first");
  const again = await check(blend, folder, "first");
  const rows = [
    ["Blender starts", empty],
    ["Blender starts and opens the whole", alone],
    ["a new node gets all and has opened it", whole],
    ["the same node again, which has all files", again],
  ];
  for (const [what, seconds] of rows)
    console.log(`${String(what).padEnd(46)} ${Number(seconds).toFixed(2).padStart(7)} s`);
  const ratio = again / alone;
  console.log(`the rounds alone take ${ratio.toFixed(2)} times as long as Blender (goal: ${most} or less)`);
  if (ratio > most) process.exitCode = 1;
} finally {
  await rm(folder, { recursive: true });
}

/**
 * Seconds from the claim of the node until it has opened all.
 *
 * @param {string} blend
 * @param {string} place
 * @param {string} node
 */
async function check(blend, place, node) {
  const folders = { configFolder: join(place, "config"), cacheFolder: join(place, node) };
  let [sent, claimedMs] = [0, 0];
  const onEvent = (event) => {
    if (event.type === "run:started") claimedMs = performance.now();
    if (event.type === "node:uploading" && event.filesLeft === 0) sent += 1;
  };
  const { error, toSend, files } = await checkScene({ blend, local: true, ...folders }, { onEvent });
  if (error !== null) throw error;
  console.log(`${files.length} paths, ${toSend.files} files, sent in ${sent} rounds`);
  return (performance.now() - claimedMs) / 1000;
}

async function median(work) {
  const times = [];
  for (let count = 0; count < openings; count++) times.push(await timed(work));
  return times.sort((one, other) => one - other)[Math.floor(openings / 2)] ?? 0;
}

async function timed(work) {
  const startedMs = performance.now();
  await work();
  return (performance.now() - startedMs) / 1000;
}
