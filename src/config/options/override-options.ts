import { z } from "zod";
import { longestName } from "../../core/bounds/names.ts";
import { overrideBounds } from "../../core/bounds/override-bounds.ts";
import { parseDuration } from "../../core/units.ts";
import type { Overrides, Resolution } from "../overrides.ts";
import { asGiven, option, text, whole } from "./option.ts";

/** What a scene may be called in Blender; a node accepts no longer name. */
const dataName = text.max(longestName);

const [leastPercent, mostPercent] = overrideBounds.percent;
const [smallestSide, largestSide] = overrideBounds.side;
/** Longer ones are typing errors. */
const longestTimeLimitMs = 30 * 24 * 3_600_000;

/** Engines by the names that people use. EEVEE had another identifier from 4.2 to 4.5: nodes know which one is theirs. */
const engines: Readonly<Record<string, string>> = {
  cycles: "CYCLES",
  eevee: "BLENDER_EEVEE",
  blender_eevee_next: "BLENDER_EEVEE",
  workbench: "BLENDER_WORKBENCH",
};

/**
 * What is rendered otherwise than the blendfile says. Each name is also the name in the protocol and in `Overrides`, and
 * each setting is the value there; `undefined` is as in the file. A farmspec may set them: they only change the pictures.
 */
export const overrideOptions = {
  /** Samples per pixel. */
  samples: option({
    ...{ group: "How to render", takes: "<number>", schema: whole(...overrideBounds.samples), inFarmspec: true },
    help: "samples per pixel, with Cycles and EEVEE",
    readme: "samples per pixel, with Cycles and EEVEE, also of view layers and of scenes in strips",
    setting: asGiven,
  }),
  /** The size of the frames. */
  resolution: option({
    ...{ group: "How to render", takes: "<size>", inFarmspec: true },
    schema: z
      .string()
      .refine(
        (given) => parseResolution(given) !== undefined,
        `a percentage (${leastPercent}% to ${mostPercent}%) or a size such as 1920x1080 (${smallestSide} to ${largestSide}) is needed`,
      ),
    help: "50% of the scene's own size, or 1920x1080",
    readme:
      "`50%` of the scene's own size, or `1920x1080` pixels. A border to which the scene crops its pictures is cropped as before",
    setting: (given?: string) => (given === undefined ? undefined : parseResolution(given)),
  }),
  /** The engine, by Blender's identifier. */
  engine: option({
    ...{ group: "How to render", takes: "<engine>", inFarmspec: true },
    schema: z.string().regex(/^[A-Za-z]\w{0,63}$/, "cycles, eevee, workbench or Blender's identifier is needed"),
    help: "cycles, eevee, workbench, or an identifier of Blender's",
    readme: "`cycles`, `eevee`, `workbench`, or the identifier of another engine that the nodes have",
    setting: (given?: string) => (given === undefined ? undefined : (engines[given.toLowerCase()] ?? given)),
  }),
  /** The camera of all frames. */
  camera: option({
    ...{ group: "How to render", takes: "<name>", schema: dataName, inFarmspec: true },
    help: "the camera of all frames",
    readme: "the camera of all frames, also where markers switch to others",
    setting: asGiven,
  }),
  /** The only view layer that is rendered. */
  viewLayer: option({
    ...{ group: "How to render", takes: "<name>", schema: dataName, inFarmspec: true },
    help: "render this view layer and no other",
    setting: asGiven,
  }),
  /** The seed of the noise. */
  seed: option({
    ...{ group: "How to render", takes: "<number>", schema: whole(...overrideBounds.seed), inFarmspec: true },
    help: "the seed of Cycles' noise, the same in all frames",
    setting: asGiven,
  }),
  /** Whether the world is left away. */
  transparent: option({
    ...{ group: "How to render", schema: z.boolean(), inFarmspec: true },
    help: "a transparent background, with alpha in outputs that can have it",
    readme:
      "a transparent background. Pictures and videos that can have an alpha channel get one (PNG, ProRes, VP9); in others the background is black",
    setting: (given?: boolean): true | undefined => given || undefined,
  }),
  /** Whether Cycles denoises. */
  denoise: option({
    ...{ group: "How to render", takes: "<how>", schema: z.enum(["on", "off"]), inFarmspec: true },
    help: "whether Cycles denoises",
    readme: "`on` or `off`: whether Cycles denoises, in all view layers",
    setting: (given?: "on" | "off") => (given === undefined ? undefined : given === "on"),
  }),
  /** The most levels of subdivision. */
  simplify: option({
    ...{ group: "How to render", takes: "<levels>", schema: whole(...overrideBounds.simplify), inFarmspec: true },
    help: "Blender's Simplify, with at most this many levels of subdivision",
    readme:
      "switch Blender's Simplify on, with at most this many levels of subdivision; its other values are the file's own",
    setting: asGiven,
  }),
  /** Processor threads of each slot. */
  threads: option({
    ...{ group: "How to render", takes: "<number>", schema: whole(...overrideBounds.threads), inFarmspec: true },
    help: "processor threads of each slot (default: its share of the cores)",
    readme:
      "processor threads of each slot. Default: its share of the cores. They change no pixel: frames that are stored stay valid",
    setting: asGiven,
  }),
  /** How long a frame may take, in seconds. */
  timeLimit: option({
    ...{ group: "How to render", takes: "<duration>", inFarmspec: true },
    schema: z
      .string()
      .refine(
        (given) => isTimeLimit(parseDuration(given) ?? 0),
        "a duration such as 90s, 30m or 1h30m is needed, up to 30d",
      ),
    help: "Cycles' own limit for each frame, 30s or 2m: it then has fewer samples",
    readme:
      "Cycles' own time limit for each frame, `30s`, `2m`: the frame is then done with the samples that it has. Needs Blender 3.0. Such frames are not repeatable, so `--checks` checks none",
    setting: (given?: string) => (given === undefined ? undefined : Math.round((parseDuration(given) ?? 0) / 1000)),
  }),
};

function isTimeLimit(durationMs: number): boolean {
  return durationMs >= 1_000 && durationMs <= longestTimeLimitMs;
}

type OverrideOptions = typeof overrideOptions;
type Chosen = { readonly [Name in keyof OverrideOptions]: Overrides[Name] };

/** The overrides that the settings ask for. */
export function chosenOverrides(settings: Chosen): Overrides {
  const names = Object.keys(overrideOptions) as (keyof OverrideOptions)[];
  const chosen = names.flatMap((name) => (settings[name] === undefined ? [] : [[name, settings[name]]]));
  return Object.fromEntries(chosen) as Overrides;
}

function parseResolution(given: string): Resolution | undefined {
  const [, percent, width, height] = /^(?:(\d{1,4})\s*%|(\d{1,5})\s*[x×]\s*(\d{1,5}))$/i.exec(given.trim()) ?? [];
  if (percent !== undefined) {
    const value = Number(percent);
    return value >= leastPercent && value <= mostPercent ? { percent: value } : undefined;
  }
  const sides = [Number(width), Number(height)] as const;
  const areSides = sides.every((side) => side >= smallestSide && side <= largestSide);
  return areSides ? { width: sides[0], height: sides[1] } : undefined;
}
