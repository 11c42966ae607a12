import { counted } from "../../core/text.ts";
import type { Run } from "../../frames/job-folder.ts";
import type { JobOrder } from "../nodes/job-order.ts";
import { fingerprintFor, overridesOf } from "../output/recorded-scene.ts";
import type { JobContext } from "./job-context.ts";
import { titleOf } from "./job-title.ts";
import { longJobFrames } from "./spot-checks.ts";

/**
 * Records what this run renders, so that a later run knows whether it may use the frames.
 *
 * @param version The Blender version that renders it
 */
export async function beginRun({ settings, prepared, tell }: JobContext, version: string | null): Promise<Run> {
  const { folder, blend } = prepared;
  const blenderVersion = settings.mixVersions ? null : version;
  const fingerprint = fingerprintFor(settings, prepared, blenderVersion);
  const { output, frames, scene, fps, order, codec, crf, format, depth, fresh: isFresh } = settings;
  const { name, owner } = titleOf(settings);
  const overrides = overridesOf(settings);
  const how = { overrides, fps, order, codec, crf, format, depth };
  const plan = { blend: settings.blend, name, owner, output, frames, scene, ...how };
  const run = await folder.begin({ fingerprint, blenderVersion, blend, settings: plan, isFresh });
  tell({ type: "run:started", job: run.job, run: run.run, blender: blenderVersion });
  if (run.setAside !== null) {
    const why = isFresh
      ? "as you asked"
      : "the blendfile, the scene, how it is rendered or the Blender version has changed";
    const kept = `${counted(run.setAside.frames, "old frame")} kept in ${run.setAside.folder}`;
    tell({ type: "job:restarted", reason: `${why}; ${kept}` });
  }
  return run;
}

/** What the nodes are told about the job. */
export function orderOf({ settings, prepared, upcoming, bake }: JobContext, run: Run): JobOrder {
  const { files, format } = prepared;
  const blend = typeof bake === "string" ? prepared.blend : bake;
  const colorMode = format.canHaveAlpha ? null : "RGB";
  const { allowScripts, addons, scene = null } = settings;
  const allowMissing = settings.missing === "warn";
  return {
    ...{ job: run.job, title: titleOf(settings), blob: blend, files, upcoming },
    ...{ scene, colorMode, allowScripts, addons, allowMissing },
    simulations: settings.simulations === "ignore" ? null : "play",
    overrides: overridesOf(settings),
    pictures: prepared.pictures,
    sampleFrom: settings.checks === "none" ? null : settings.checks === "auto" ? longJobFrames : 1,
  };
}
