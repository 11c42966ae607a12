/**
 * What a job renders otherwise than its blendfile says; absent ones are as in the file. It affects pixels, so it is
 * part of the job's fingerprint. The names are those of the protocol.
 */
export interface Overrides {
  /** The size of the frames, in percent of the scene's own; 1 to 100. */
  readonly scale?: number;
  /** The most samples per pixel, for Cycles and EEVEE. */
  readonly maxSamples?: number;
}

export type OverrideName = keyof Overrides;
