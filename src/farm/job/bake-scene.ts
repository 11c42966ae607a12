import { fetchBlobFrom } from "../../assets/blob-holders.ts";
import type { JobSettings } from "../../config/job-settings.ts";
import { FarmError } from "../../core/errors.ts";
import { type BakedBlend, bakedFolderOf, recordBaked } from "../../frames/baked-blend.ts";
import { playable } from "../output/simulations.ts";
import type { JoinedNode, Worker } from "../worker.ts";
import type { JobContext } from "./job-context.ts";
import type { JobInputs } from "./loop/job-inputs.ts";

/** Below this share, an estimate is a guess. */
const leastShare = 0.02;

/** Whether a job may have a node bake. Versions do not share a bake. */
export function mayBake({ simulations, allowScripts, mixVersions }: JobSettings): boolean {
  // A copy comes from a node. With scripts, it could run programs on the others.
  return simulations === "bake" && !allowScripts && !mixVersions;
}

/** Whether the scene has something that a bake would make right for all nodes, and one is still to be tried. */
export function needsBake({ scene }: JoinedNode, { bake }: JobContext): boolean {
  return bake === "untried" && playable(scene.simulations).length > 0;
}

/** Whether files outside the blendfile have changed since an earlier run baked it. */
export function isOutdated({ scene }: JoinedNode, { bake, isEarlierBake }: JobContext): boolean {
  return isEarlierBake && typeof bake !== "string" && bake.files !== scene.files;
}

/**
 * Has a node bake what is not baked, and keeps the copy in the job folder.
 *
 * @returns The copy; `null` if the scene must be played instead, which has been told
 * @throws The reason of the signal or of the user's request to stop
 */
export async function bakeScene(
  { worker, scene }: JoinedNode,
  context: JobContext,
  inputs: JobInputs,
): Promise<BakedBlend | null> {
  const { settings, tell, drain } = context;
  const { node, name } = worker.info;
  const signal = AbortSignal.any([context.signal, drain]);
  const startedMs = performance.now();
  const simulations = playable(scene.simulations).length;
  tell({ type: "bake:started", node, name, simulations, limitMs: settings.bakeLimit });
  void tellProgress(inputs, (fraction) => {
    const spentMs = performance.now() - startedMs;
    const etaMs = fraction > leastShare ? (spentMs / fraction) * (1 - fraction) : null;
    tell({ type: "bake:progressed", node, name, fraction, etaMs });
  });
  const baked = await tryBake(worker, scene.files, context, signal).catch((error: unknown) => {
    signal.throwIfAborted();
    if (error instanceof FarmError) return error.message; // the link was lost, for example
    throw error;
  });
  const why = typeof baked === "string" ? baked : null;
  tell({ type: "bake:ended", node, name, seconds: (performance.now() - startedMs) / 1000, why });
  return typeof baked === "string" ? null : baked;
}

/** @returns The copy, or why there is none */
async function tryBake(
  worker: Worker,
  files: string | null,
  context: JobContext,
  signal: AbortSignal,
): Promise<BakedBlend | string> {
  const { settings, prepared } = context;
  const { folder, blend } = prepared;
  const baked = await worker.bake(Math.max(1, Math.round(settings.bakeLimit / 1000)), signal);
  if ("why" in baked) return baked.why;
  const copy = await fetchBlobFrom(worker, baked, await bakedFolderOf(folder.path), signal);
  if (copy === undefined) return "the node does not have it any more";
  const { blender } = worker.info;
  const result = { ...copy, files };
  await recordBaked(folder.path, { source: blend.sha256, blender, scene: settings.scene ?? null }, result);
  return result;
}

/** Nobody else reads the inputs while a node bakes, and they are of no use after it. */
async function tellProgress(inputs: JobInputs, tell: (fraction: number) => void): Promise<void> {
  for await (const input of inputs) {
    if (input.type === "report" && input.report.type === "bake-progress") tell(input.report.fraction);
  }
}
