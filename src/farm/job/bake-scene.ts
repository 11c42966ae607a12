import { fetchBlobFrom } from "../../assets/blob-holders.ts";
import type { JobSettings } from "../../config/job-settings.ts";
import type { OverrideName } from "../../config/overrides.ts";
import { systemClock } from "../../core/clock.ts";
import { FarmError } from "../../core/errors.ts";
import { type BakedBlend, type BakeKey, bakedFolderOf, recordBaked } from "../../frames/baked-blend.ts";
import { overridesOf } from "../output/recorded-scene.ts";
import { playable } from "../output/simulations.ts";
import type { JoinedNode, Worker } from "../worker.ts";
import { BakeEstimate } from "./bake-estimate.ts";
import type { BakeState, JobContext } from "./job-context.ts";
import { LongBakeQuestion } from "./long-bake-question.ts";
import type { JobInputs } from "./loop/job-inputs.ts";

/** The limit that a node gets if the user sets none. */
const weekMs = 7 * 24 * 60 * 60_000;

/** Above this, a bake without a limit of the user's is asked for. */
const longMs = 10 * 60_000;

/** After so many lost links, the scene is played: perhaps the bake is the reason. */
const mostLostBakes = 3;

/** Overrides that decide how noisy pictures are and how long they take, and so show no simulation better or worse. */
const ofNoiseAndTime: ReadonlySet<string> = new Set<OverrideName>([
  "samples",
  "maxSamples",
  "seed",
  "timeLimit",
  "threads",
]);

/** Whether a job may have a node bake. Versions do not share a bake. */
export function mayBake({ simulations, allowScripts, addons, mixVersions }: JobSettings): boolean {
  // A copy comes from a node. By scripts, or an add-on that runs what files contain, it could run programs on the others.
  return simulations === "bake" && !allowScripts && addons.length === 0 && !mixVersions;
}

/**
 * Which bake an earlier run must have made. It was compared with the played scene as that run rendered it: with another
 * camera or a smaller picture, the comparison says nothing about this run's frames.
 */
export function bakeKeyOf(settings: JobSettings, source: string, blender: string): BakeKey {
  const compared = Object.entries(overridesOf(settings) ?? {}).filter(([name]) => !ofNoiseAndTime.has(name));
  return { source, blender, scene: settings.scene ?? null, overrides: Object.fromEntries(compared) };
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
 * @returns The copy; "failed" if the scene must be played instead, and "untried" if the link was lost, which has been told
 * @throws The reason of the signal or of the user's request to stop
 */
export async function bakeScene(
  { worker, scene }: JoinedNode,
  context: JobContext,
  inputs: JobInputs,
): Promise<BakeState> {
  const { settings, tell, drain } = context;
  const { node, name } = worker.info;
  const startedMs = systemClock.monotonicMs();
  const simulations = playable(scene.simulations).length;
  tell({ type: "bake:started", node, name, simulations, limitMs: settings.bakeLimit });
  const question = new LongBakeQuestion(worker.info, context);
  const estimate = new BakeEstimate(() => systemClock.monotonicMs());
  void tellProgress(inputs, (fraction) => {
    const expected = estimate.add(fraction);
    tell({ type: "bake:progressed", node, name, fraction, etaMs: expected?.leftMs ?? null });
    if (expected?.isSure && expected.wholeMs > longMs) question.ask(expected.wholeMs);
  });
  const stop = AbortSignal.any([context.signal, drain]);
  const signal = AbortSignal.any([stop, question.refused]);
  let { lostBakes } = context;
  let again = false;
  const baked = await tryBake(worker, scene.files, context, signal).catch((error: unknown) => {
    stop.throwIfAborted();
    if (!(error instanceof FarmError)) throw error;
    if (error.code === "FARM_LINK_LOST") again = ++lostBakes < mostLostBakes;
    return error.message; // or the user wants no bake
  });
  question.withdraw();
  const why = typeof baked === "string" ? baked : null;
  tell({ type: "bake:ended", node, name, seconds: (systemClock.monotonicMs() - startedMs) / 1000, why, again });
  const { mayBakeLong } = question;
  if (typeof baked !== "string") return { bake: baked, lostBakes, mayBakeLong };
  return { bake: again ? "untried" : "failed", lostBakes, mayBakeLong };
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
  const baked = await worker.bake(Math.max(1, Math.round((settings.bakeLimit ?? weekMs) / 1000)), signal);
  if ("why" in baked) return baked.why;
  const copy = await fetchBlobFrom(worker, baked, await bakedFolderOf(folder.path), signal);
  if (copy === undefined) return "the node does not have it any more";
  const { blender } = worker.info;
  const result = { ...copy, files };
  await recordBaked(folder.path, bakeKeyOf(settings, blend.sha256, blender), result);
  return result;
}

/** Nobody else reads the inputs while a node bakes, and they are of no use after it. */
async function tellProgress(inputs: JobInputs, tell: (fraction: number) => void): Promise<void> {
  for await (const input of inputs) {
    if (input.type === "report" && input.report.type === "bake-progress") tell(input.report.fraction);
  }
}
