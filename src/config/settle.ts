import { resolve } from "node:path";
import { z } from "zod";
import { FarmError } from "../core/errors.ts";
import type { FarmKey } from "../core/farm-key.ts";
import { parseFrames } from "../core/frame-range.ts";
import type { JobSettings } from "../core/job-settings.ts";
import { parseNodeList } from "../core/node-list.ts";
import type { Folders } from "./folders.ts";

const logLevels = ["trace", "debug", "info", "warn", "error", "fatal", "silent"] as const;

/** The flags of a render as they were typed; what was not given is absent, so that it hides nothing below it. */
export const renderFlags = z.strictObject({
  blend: z.string().min(1).optional(),
  output: z.string().min(1).optional(),
  frames: z.string().optional(),
  scene: z.string().min(1).optional(),
  fps: z.string().optional(),
  order: z.enum(["sequential", "reverse", "spread"]).optional(),
  nodes: z.string().optional(),
  local: z.boolean().optional(),
  slots: z.string().optional(),
  blender: z.string().min(1).optional(),
  ffmpeg: z.string().min(1).optional(),
  blenderVersion: z
    .string()
    .regex(/^\d{1,3}\.\d{1,3}(\.\d{1,3})?$/, "a version such as 3.4 or 3.4.1 is needed")
    .optional(),
  mixVersions: z.boolean().optional(),
  missing: z.enum(["fail", "warn"]).optional(),
  keyFile: z.string().min(1).optional(),
  keepFrames: z.boolean().optional(),
  overwrite: z.boolean().optional(),
  yes: z.boolean().optional(),
  json: z.boolean().optional(),
  logLevel: z.enum(logLevels).optional(),
});

export type RenderFlags = z.infer<typeof renderFlags>;

/** Names a flag as it is typed: `keepFrames` is `--keep-frames`. */
function flagOf(name: string): string {
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** @throws {FarmError} `FARM_BAD_INPUT` naming the flag */
export function parseRenderFlags(value: unknown): RenderFlags {
  const parsed = renderFlags.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new FarmError(
    "FARM_BAD_INPUT",
    `Cannot use ${flagOf(String(issue?.path[0] ?? ""))}: ${issue?.message ?? "it is not valid"}`,
    "renderfarm --help lists what each flag takes",
  );
}

/** What the flags leave to be found elsewhere before a job can start. */
export interface Surroundings {
  readonly workingFolder: string;
  readonly folders: Folders;
  readonly keys: readonly FarmKey[];
}

/**
 * Settles flags and defaults into the settings of a job.
 *
 * @throws {FarmError} `FARM_BAD_INPUT` naming the flag that is missing or senseless
 */
export function settleJob(flags: RenderFlags, surroundings: Surroundings): JobSettings {
  const { workingFolder, folders, keys } = surroundings;
  if (flags.blend === undefined) throw missingFlag("--blend", "the blendfile to render");
  if (flags.output === undefined) throw missingFlag("--output", "the video to write");
  if (flags.frames !== undefined) parseFrames(flags.frames); // a typing error is told before anything is started
  const slots = flags.slots === undefined ? 1 : Number(flags.slots);
  if (!Number.isInteger(slots) || slots < 1 || slots > 256) {
    throw new FarmError(
      "FARM_BAD_INPUT",
      `Cannot use --slots ${flags.slots}: a whole number from 1 to 256 is needed`,
      "A slot is one Blender on this machine; 1 suits most scenes, 2 suits small ones",
    );
  }
  const nodes = flags.nodes === undefined ? [] : parseNodeList(flags.nodes);
  if (flags.local && nodes.length > 0) {
    throw new FarmError("FARM_BAD_INPUT", "Cannot use --local together with --nodes", "Leave one of them out");
  }
  return {
    blend: resolve(workingFolder, flags.blend),
    output: resolve(workingFolder, flags.output),
    frames: flags.frames,
    scene: flags.scene,
    fps: flags.fps,
    order: flags.order ?? "sequential",
    nodes,
    isLocal: flags.local ?? false,
    localSlots: slots,
    blenderVersion: flags.blenderVersion,
    mixVersions: flags.mixVersions ?? false,
    missing: flags.missing ?? "fail",
    keepFrames: flags.keepFrames ?? false,
    overwrite: flags.overwrite ?? false,
    keys,
    ffmpeg: flags.ffmpeg,
    blender: flags.blender,
    configFolder: folders.config,
    cacheFolder: folders.cache,
  };
}

function missingFlag(flag: string, what: string): FarmError {
  return new FarmError(
    "FARM_BAD_INPUT",
    `Cannot start: ${flag} is missing`,
    `Give ${what}: renderfarm --blend scene.blend --output out.mp4`,
  );
}
