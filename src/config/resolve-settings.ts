import { resolve } from "node:path";
import { FarmError } from "../core/errors.ts";
import type { FarmKey } from "../core/farm-key.ts";
import { parseFrames } from "../core/frame-range.ts";
import type { JobSettings, NamedNode } from "../core/job-settings.ts";
import { parseNodeList } from "../core/node-list.ts";
import { ownCommand } from "../core/own-command.ts";
import { parseDuration } from "../core/units.ts";
import type { Farmspec } from "./farmspec.ts";
import type { RenderFlags } from "./flags.ts";
import type { Folders } from "./folders.ts";

/** What there is beside the flags when a job is settled. */
export interface Context {
  readonly workingFolder: string;
  readonly folders: Folders;
  readonly keys: readonly FarmKey[];
  readonly farmspec: Farmspec | undefined;
}

/** A render's flags with what stands below them: defaults < farmspec < environment < flags. */
export function layerFlags(flags: RenderFlags, environment: RenderFlags, farmspec: Farmspec | undefined): RenderFlags {
  return { ...farmspec?.defaults, ...withoutGaps(environment), ...withoutGaps(flags) };
}

/**
 * Settles flags and defaults into the settings of a job.
 *
 * @param flags As `layerFlags` gives them, with the answers to questions
 * @throws {FarmError} `FARM_BAD_INPUT` naming the flag that is missing or senseless
 */
export function resolveSettings(flags: RenderFlags, context: Context): JobSettings {
  const { workingFolder, folders, keys, farmspec } = context;
  if (flags.blend === undefined) throw missingFlag("--blend", "the blendfile to render");
  if (flags.output === undefined) throw missingFlag("--output", "the video to write");
  if (flags.frames !== undefined) parseFrames(flags.frames); // a typing error is told before anything is started
  if (flags.local && flags.nodes !== undefined) {
    throw new FarmError("FARM_BAD_INPUT", "Cannot use --local together with --nodes", "Leave one of them out");
  }
  return {
    blend: resolve(workingFolder, flags.blend),
    // A slash at the end says that it is a folder of pictures, whatever its name looks like.
    output: resolve(workingFolder, flags.output) + (/[/\\]$/.test(flags.output) ? "/" : ""),
    jobDir: flags.jobDir === undefined ? undefined : resolve(workingFolder, flags.jobDir),
    frames: flags.frames,
    scene: flags.scene,
    fps: flags.fps,
    order: flags.order ?? "sequential",
    ...nodesOf(flags, farmspec),
    isLocal: flags.local ?? false,
    localSlots: flags.slots ?? 1,
    blenderVersion: flags.blenderVersion,
    mixVersions: flags.mixVersions ?? false,
    missing: flags.missing ?? "fail",
    allowScripts: flags.allowScripts ?? false,
    allowSleep: flags.allowSleep ?? false,
    crf: flags.crf,
    codec: flags.codec,
    poster: flags.poster === undefined ? undefined : resolve(workingFolder, flags.poster),
    keepFrames: flags.keepFrames ?? false,
    overwrite: flags.overwrite ?? false,
    isFresh: flags.fresh ?? false,
    waitMs: flags.wait === undefined ? undefined : parseDuration(flags.wait),
    keys,
    tlsCa: flags.tlsCa === undefined ? undefined : resolve(workingFolder, flags.tlsCa),
    ffmpeg: flags.ffmpeg,
    blender: flags.blender,
    configFolder: folders.config,
    cacheFolder: folders.cache,
  };
}

/** Nodes named on the command line stand for the whole farm; else those of the farmspec, with what it says of others. */
function nodesOf(flags: RenderFlags, farmspec: Farmspec | undefined): Pick<JobSettings, "nodes" | "discover"> {
  if (flags.nodes !== undefined) {
    // Typed, or set in this user's environment: he answers for them himself.
    const nodes = parseNodeList(flags.nodes).map((node): NamedNode => ({ ...node, mayBeOpen: true }));
    return { nodes, discover: false };
  }
  const nodes = (farmspec?.nodes ?? []).map(
    ({ id, name, host, port, tls }): NamedNode => ({
      address: { host, port },
      ...(id !== undefined && { id }),
      ...(name !== undefined && { name }),
      ...(tls !== undefined && { tls }),
    }),
  );
  return { nodes, discover: nodes.length === 0 || farmspec?.discover === true };
}

function withoutGaps(flags: RenderFlags): RenderFlags {
  return Object.fromEntries(Object.entries(flags).filter(([, value]) => value !== undefined));
}

function missingFlag(flag: string, what: string): FarmError {
  return new FarmError(
    "FARM_BAD_INPUT",
    `Cannot start: ${flag} is missing`,
    `Give ${what}: ${ownCommand()} --blend scene.blend --output out.mp4`,
  );
}
