import { formatDuration } from "../core/units.ts";

/** The size of the frames: in percent of the scene's own, or in pixels. */
export type Resolution = { readonly percent: number } | { readonly width: number; readonly height: number };

/**
 * What a job renders otherwise than its blendfile says; absent ones are as in the file. The names are those of the
 * protocol. Those of the user are options of the same names (options/override-options.ts); a preview adds limits.
 */
export interface Overrides {
  /** The size of the frames of a preview, in percent of what it would be without; 1 to 100. */
  readonly scale?: number;
  /** The most samples per pixel of a preview, for Cycles and EEVEE. */
  readonly maxSamples?: number;
  /** Samples per pixel, for Cycles and EEVEE. */
  readonly samples?: number;
  readonly resolution?: Resolution;
  /** Blender's identifier; `BLENDER_EEVEE` is EEVEE in all versions. */
  readonly engine?: string;
  /** The camera of all frames, by its name. */
  readonly camera?: string;
  /** The only view layer that is rendered, by its name. */
  readonly viewLayer?: string;
  /** The seed of Cycles' noise, in all frames. */
  readonly seed?: number;
  /** Without the world behind the objects; pictures that can have it get an alpha channel. */
  readonly transparent?: true;
  /** Whether Cycles denoises. */
  readonly denoise?: boolean;
  /** The most levels of subdivision, with Blender's Simplify. */
  readonly simplify?: number;
  /** Processor threads of each slot. They change no pixel. */
  readonly threads?: number;
  /** How long Cycles may render a frame, in seconds. */
  readonly timeLimit?: number;
}

export type OverrideName = keyof Overrides;

/** For example "50%" or "1920x1080", as the flag takes it. */
export function resolutionText(resolution: Resolution): string {
  return "percent" in resolution ? `${resolution.percent}%` : `${resolution.width}x${resolution.height}`;
}

/** The overrides for people, one text each, for example "samples 16". */
export function overrideTexts(overrides: Overrides): string[] {
  return Object.entries(overrides).map(([name, value]) => {
    if (name === "scale") return `${value} % of the size`;
    if (name === "maxSamples") return `at most ${value} samples`;
    const words = name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
    if (name === "resolution") return `${words} ${resolutionText(value as Resolution)}`;
    if (name === "timeLimit") return `${words} ${formatDuration(Number(value) * 1000)}`;
    if (name === "denoise") return `${words} ${value ? "on" : "off"}`;
    return value === true ? words : `${words} ${value}`;
  });
}
