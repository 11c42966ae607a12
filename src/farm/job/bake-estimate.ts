/** Earlier, how long a bake takes is a guess. */
const sureAfterMs = 5_000;

/** How long a bake is expected to take, in milliseconds. */
export interface ExpectedBake {
  readonly leftMs: number;
  readonly wholeMs: number;
  /** Whether enough of it is known to ask the user about it. */
  readonly isSure: boolean;
}

/** Estimates how long a bake takes from the shares that a node reports. It begins to bake with the first report. */
export class BakeEstimate {
  readonly #nowMs: () => number;
  #first: { readonly atMs: number; readonly fraction: number } | undefined;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /** @returns `undefined` without an estimate. @param fraction How much is done, 0 to 1 */
  add(fraction: number): ExpectedBake | undefined {
    const atMs = this.#nowMs();
    this.#first ??= { atMs, fraction };
    const spentMs = atMs - this.#first.atMs;
    const done = fraction - this.#first.fraction;
    if (done <= 0) return undefined;
    const wholeMs = spentMs / done;
    return { leftMs: wholeMs * (1 - fraction), wholeMs, isSure: spentMs >= sureAfterMs };
  }
}
