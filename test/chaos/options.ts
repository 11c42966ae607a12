/** What scripts/chaos.mjs has read from the command line. */
export interface ChaosOptions {
  /** The same seed plans the same faults at the same times. */
  readonly seed: number;
  /** For how long faults are started. */
  readonly minutes: number;
  /** Frames of each film. */
  readonly frames: number;
  /** Samples per pixel: they decide how long a frame takes. */
  readonly samples: number;
  /** Minutes after which everything is ended, even if something hangs. */
  readonly limit: number;
}

export const options: ChaosOptions = {
  seed: numberFrom("CHAOS_SEED", 1),
  minutes: numberFrom("CHAOS_MINUTES", 3),
  frames: numberFrom("CHAOS_FRAMES", 120),
  samples: numberFrom("CHAOS_SAMPLES", 60),
  limit: numberFrom("CHAOS_LIMIT", 31),
};

function numberFrom(variable: string, otherwise: number): number {
  return Number(process.env[variable] ?? otherwise);
}
