/** The spans of time in which something was true. The last may still be open. */
export class Spans {
  readonly #spans: { fromMs: number; toMs: number }[] = [];
  readonly #graceMs: number;

  /** @param graceMs How long the effects of a span last after its end */
  constructor(graceMs = 0) {
    this.#graceMs = graceMs;
  }

  /** @param isSo From now on */
  set(isSo: boolean): void {
    const last = this.#spans.at(-1);
    const isOpen = last?.toMs === Number.POSITIVE_INFINITY;
    if (isSo === isOpen) return;
    if (isSo) this.#spans.push({ fromMs: performance.now(), toMs: Number.POSITIVE_INFINITY });
    else if (last) last.toMs = performance.now();
  }

  /** Whether it was true at any moment between the two times. */
  touches(fromMs: number, toMs: number): boolean {
    return this.#spans.some((span) => span.fromMs <= toMs && span.toMs + this.#graceMs >= fromMs);
  }
}
