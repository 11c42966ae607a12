import { z } from "zod";
import { FarmError } from "../core/errors.ts";
import { ownCommand } from "../core/own-command.ts";
import { parseDuration } from "../core/units.ts";

const logLevels = ["trace", "debug", "info", "warn", "error", "fatal", "silent"] as const;
const version = z.string().regex(/^\d{1,3}\.\d{1,3}(\.\d{1,3})?$/, "a version such as 3.4 or 3.4.1 is needed");
const whole = (least: number, most: number) =>
  z.coerce.number(`a whole number from ${least} to ${most} is needed`).int().min(least).max(most);

/** The flags that a farmspec may give values for: what a farm's people would agree on, and no path of one machine. */
export const farmspecDefaults = z
  .strictObject({
    frames: z.string(),
    scene: z.string().min(1),
    fps: z.union([z.string(), z.number()]).transform(String),
    order: z.enum(["sequential", "reverse", "spread"]),
    slots: whole(1, 256),
    blenderVersion: version,
    mixVersions: z.boolean(),
    missing: z.enum(["fail", "warn"]),
    keepFrames: z.boolean(),
    crf: whole(0, 63),
    codec: z.enum(["h264", "hevc", "av1", "vp9", "prores", "ffv1"]),
  })
  .partial();

/** The flags of a render as they were typed; what was not given is absent, so that it hides nothing below it. */
const renderFlags = farmspecDefaults.extend({
  blend: z.string().min(1).optional(),
  output: z.string().min(1).optional(),
  jobDir: z.string().min(1).optional(),
  nodes: z.string().optional(),
  local: z.boolean().optional(),
  blender: z.string().min(1).optional(),
  ffmpeg: z.string().min(1).optional(),
  tlsCa: z.string().min(1).optional(),
  allowScripts: z.boolean().optional(),
  allowSleep: z.boolean().optional(),
  keyFile: z.string().min(1).optional(),
  farmspec: z.string().min(1).optional(),
  saveFarmspec: z.boolean().optional(),
  fresh: z.boolean().optional(),
  wait: z
    .string()
    .refine((text) => parseDuration(text) !== undefined, "a duration such as 90s, 30m or 1h30m is needed")
    .optional(),
  poster: z.string().min(1).optional(),
  overwrite: z.boolean().optional(),
  yes: z.boolean().optional(),
  json: z.boolean().optional(),
  plain: z.boolean().optional(),
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
    `${ownCommand()} --help lists what each flag takes`,
  );
}
