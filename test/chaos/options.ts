/** What scripts/chaos.mjs has read from the command line. */
export interface ChaosOptions {
  /** Of the plan: the same one plans the same faults for the same times. */
  readonly seed: number;
  /** In which faults are begun. */
  readonly minutes: number;
  /** Of each film. */
  readonly frames: number;
  /** Per pixel: how long a frame takes. */
  readonly samples: number;
  /** Minutes after which everything is ended, whatever hangs. */
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
