import { existsSync, readdirSync } from "node:fs";
import { join, relative } from "node:path";
import type { ChaosFarm } from "./chaos-farm.ts";

/** What a job folder holds after a job with --keep-frames. */
const ofJobFolder =
  /^(job\.json|(frames|attempts|events|log)\.ndjson|frames(\/\d{7}\.png)?|(blob|baked)(\/[0-9a-f]{64})?|baked\.json)$/;

/**
 * Ends every node as its owner would.
 *
 * @param outputs Paths of the finished videos
 * @returns What is left behind
 */
export async function remainsOf({ lab, nodes, films }: ChaosFarm, outputs: readonly string[]): Promise<string[]> {
  await Promise.all(nodes.map((node) => node.stop()));
  const { processes, files } = await lab.leftovers();
  return [
    ...processes.map(({ pid, command }) => `process ${pid}: ${command}`),
    ...new Set(files), // each start of a node reports the same folder
    ...filesIn(join(lab.environment.RENDERFARM_CACHE_DIR ?? "", "renderfarm/runs")),
    ...filesIn(films.path).filter((file) => !outputs.some((output) => isOfJob(file, output))),
  ];
}

function isOfJob(file: string, output: string): boolean {
  const folder = `${output}.renderfarm`;
  return file === output || file === folder || ofJobFolder.test(relative(folder, file));
}

function filesIn(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, encoding: "utf8" }).map((name) => join(folder, name));
}
