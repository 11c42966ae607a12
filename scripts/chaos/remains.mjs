import { existsSync, readdirSync } from "node:fs";
import { join, relative } from "node:path";
import { remaining } from "./processes.mjs";

const endsWithinMs = 20_000;

/** What a job folder holds after its job, its frames being kept. */
const ofJobFolder = /^(job\.json|frames\.ndjson|log\.ndjson|frames(\/\d{7}\.png)?|blob(\/[0-9a-f]{64})?)$/;

/**
 * Ends every node as its owner would, and tells what is left of everything.
 *
 * @param {import("./farm.mjs").ChaosFarm} farm
 * @param {string} mark
 * @param {readonly string[]} outputs of the jobs
 * @returns {Promise<string[]>}
 */
export async function remainsOf(farm, mark, outputs) {
  await Promise.all(farm.nodes.map((node) => node.stop()));
  const processes = await remaining(mark, endsWithinMs);
  const runs = [farm.deskCache, ...farm.nodes.map(({ cache }) => cache)].map((cache) => join(cache, "renderfarm/runs"));
  return [
    ...processes.map(({ pid, command }) => `process ${pid}: ${command}`),
    ...[farm.temporary, ...runs].flatMap(filesIn),
    ...filesIn(farm.films).filter((file) => !isOfJobs(file, outputs)),
  ];
}

/** @param {string} file @param {readonly string[]} outputs */
function isOfJobs(file, outputs) {
  return outputs.some((output) => {
    const folder = `${output}.renderfarm`;
    return file === output || file === folder || ofJobFolder.test(relative(folder, file));
  });
}

/** @param {string} folder */
function filesIn(folder) {
  return existsSync(folder) ? readdirSync(folder, { recursive: true }).map((name) => join(folder, String(name))) : [];
}
