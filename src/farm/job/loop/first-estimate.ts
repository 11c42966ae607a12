import type { Progress } from "../../../scheduler/progress.ts";

/** Less than this says little: most of the time before it goes into loading the scene. */
const leastFraction = 0.1;
/** The estimate may be wrong by this factor in either direction. */
const wrongBy = 2;

/** How long the rest of a job is expected to take, in milliseconds. */
export interface Estimate {
  readonly etaMs: number;
  /** The shortest and the longest time that would be no surprise. */
  readonly etaRangeMs: readonly [least: number, most: number];
}

/**
 * Estimates how long a job takes while its first frames are being rendered, from how much of each is done. Frames of long
 * films may take an hour, and until one is finished nothing better is known.
 */
export class FirstEstimate {
  /** By attempt number. */
  #fractions = new Map<number, number>();

  /** How much of a frame is done, 0 to 1. */
  hear(attempt: number, fraction: number): void {
    this.#fractions.set(attempt, fraction);
  }

  /** @returns `null` while no frame is far enough */
  of({ running, queued, active }: Pick<Progress, "running" | "queued" | "active">): Estimate | null {
    const known = running.flatMap(({ attempt, runningMs }) => {
      const fraction = this.#fractions.get(attempt) ?? 0;
      return fraction >= leastFraction && runningMs > 0
        ? [{ attempt, fraction, framesPerMs: fraction / runningMs }]
        : [];
    });
    const current = new Set(running.map(({ attempt }) => attempt));
    this.#fractions = new Map([...this.#fractions].filter(([attempt]) => current.has(attempt)));
    if (known.length === 0) return null;
    const done = known.reduce((sum, { fraction }) => sum + fraction, 0);
    const measured = known.reduce((sum, { framesPerMs }) => sum + framesPerMs, 0);
    // The others are expected to be as fast as those that are far enough.
    const framesPerMs = (measured * running.length) / known.length;
    const etaMs = Math.round((queued + active - done) / framesPerMs);
    return { etaMs, etaRangeMs: [Math.round(etaMs / wrongBy), etaMs * wrongBy] };
  }
}
