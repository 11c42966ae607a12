/**
 * Runs the scheduler again on the events recorded in a job folder, and compares its instructions:
 * `node scripts/replay.mjs out.mp4.renderfarm`. Stops at the first step that differs, with status 1.
 */
import { createReadStream } from "node:fs";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";
import { build } from "./build.mjs";
import { projectFolder } from "./setup/tools.mjs";

/**
 * @typedef {object} Replay
 * @property {number} runs
 * @property {number} events
 * @property {number} instructions
 * @property {string | null} difference a text about the first one
 */

/**
 * @param {string} folder a job folder
 * @returns {Promise<Replay>}
 */
export async function replay(folder) {
  const module = (/** @type {string} */ name) =>
    import(pathToFileURL(join(projectFolder, "dist/scheduler", name)).href);
  const [{ createState }, { step }] = await Promise.all([module("state/state.js"), module("step.js")]);
  const found = { runs: 0, events: 0, instructions: 0 };
  let state;
  const lines = createInterface({ input: createReadStream(join(folder, "events.ndjson")), crlfDelay: Infinity });
  for await (const line of lines) {
    const record = parse(line);
    if (record === undefined) continue;
    if (record.config) {
      const { alreadyStored, ...config } = record.config;
      state = createState({ ...config, alreadyStored: new Set(alreadyStored) });
      found.runs += 1;
      continue;
    }
    const { event, instructions: recorded = [] } = record;
    const next = step(state, event);
    state = next.state;
    found.events += 1;
    found.instructions += next.instructions.length;
    const now = JSON.stringify(next.instructions);
    if (now !== JSON.stringify(recorded)) {
      const difference = `Event ${event.seq} of run ${found.runs} (${event.type}):\nrecorded ${JSON.stringify(recorded)}\nnow      ${now}`;
      return { ...found, difference };
    }
  }
  return { ...found, difference: null };
}

/** @param {string} line @returns {any} `undefined` for an incomplete line, which a crash can leave at the end */
function parse(line) {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const folder = process.argv[2];
  if (folder === undefined) {
    console.error("Cannot replay without a job folder: node scripts/replay.mjs out.mp4.renderfarm");
    process.exitCode = 2;
  } else {
    await build((line) => console.error(line));
    const { runs, events, instructions, difference } = await replay(resolve(folder));
    console.log(difference ?? `The same: ${runs} runs, ${events} events, ${instructions} instructions`);
    process.exitCode = difference === null ? 0 : 1;
  }
}
