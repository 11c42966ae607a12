/**
 * Measures how fast files travel to nodes: `npm run bench:assets -- [--scale 1] [--part large,small,blend,two,plan]`
 *
 * Real nodes in processes of their own, over loopback: one file of 1 GiB beside a plain TCP copy, 5,000 files of 10 kB
 * beside one of 50 MB, a blendfile of 3 GiB, two nodes at once, and the plan of a project of 40 GiB. `--scale 0.1` makes
 * everything smaller. `--folder /dev/shm` leaves the disk out, which may need longer than the rest for small files. Memory is the largest of each process; a node inside Blender needs Blender's own in addition.
 */
import { fork } from "node:child_process";
import { mkdtemp, rm, statfs } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { closing, mib, parts } from "./bench-assets/parts.mjs";

/** The most that a part has on the disk at once: a blendfile and the node's copy. */
const neededBytes = 8 * 1024 * mib;

const { values } = parseArgs({
  options: {
    scale: { type: "string", default: "1" },
    part: { type: "string", default: Object.keys(parts).join() },
    run: { type: "string" },
    folder: { type: "string", default: tmpdir() },
  },
});
const scale = Number(values.scale);

if (values.run === undefined) await runAll(values.part.split(","));
else await runPart(values.run);

/** @param {readonly string[]} names */
async function runAll(names) {
  const { bavail, bsize } = await statfs(values.folder);
  if (bavail * bsize < neededBytes * scale) {
    console.log(`${values.folder} has too little free space: ${Math.ceil((neededBytes * scale) / mib)} MiB are needed`);
    process.exitCode = 1;
    return;
  }
  print(["what", "MB", "s", "MB/s", "own MB", "node MB"]);
  const rows = [];
  for (const name of names) {
    for (const row of await rowsOf(name)) {
      rows.push(row);
      const { what, bytes, seconds, ownBytes, nodeBytes = 0 } = row;
      const numbers = [bytes / 1e6, seconds, bytes / 1e6 / seconds, ownBytes / 1e6, nodeBytes / 1e6];
      print([what, ...numbers.map((number) => (number === 0 ? "" : number.toFixed(number < 10 ? 2 : 0)))]);
    }
  }
  ratio(rows, "one file", "plain TCP copy to a file", "speed of one file, of a plain copy's (goal: 0.7 or more)");
  const many = rows.find(({ what }) => /^\d+ files/.test(what))?.what ?? "";
  ratio(rows, "one file of that size", many, "time of small files, of one file's (goal: 3 or less)");
}

/** @param {string} name @returns {Promise<import("./bench-assets/parts.mjs").Row[]>} */
async function rowsOf(name) {
  const words = ["--run", name, "--scale", values.scale, "--folder", values.folder];
  const child = fork(fileURLToPath(import.meta.url), words);
  const rows = new Promise((resolve) => child.once("message", resolve));
  const ended = new Promise((resolve) => child.once("exit", resolve));
  const result = await Promise.race([rows, ended]);
  if (!Array.isArray(result)) throw new Error(`The part '${name}' ended with status ${result}`);
  await ended;
  return result;
}

/** @param {string} name */
async function runPart(name) {
  const folder = await mkdtemp(join(values.folder, "renderfarm-bench-"));
  try {
    const rows = await parts[name]?.(folder, scale);
    process.send?.(rows);
  } finally {
    for (const node of closing) await node.close();
    await rm(folder, { recursive: true });
    process.disconnect?.();
  }
}

function ratio(rows, above, below, text) {
  const [one, other] = [above, below].map((wanted) => rows.find(({ what }) => what === wanted));
  if (one === undefined || other === undefined) return;
  console.log(`${text}: ${(other.seconds / one.seconds).toFixed(2)}`);
}

function print([what, ...cells]) {
  console.log(what.padEnd(36) + cells.map((cell) => cell.padStart(9)).join(""));
}
