/** When something was so: spans of time, the last of which may still go on. */
export class Spans {
  readonly #spans: { fromMs: number; toMs: number }[] = [];
  readonly #graceMs: number;

  /** @param graceMs For how long after a span its effects are felt */
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

  /** Whether it was so at any moment between the two. */
  touches(fromMs: number, toMs: number): boolean {
    return this.#spans.some((span) => span.fromMs <= toMs && span.toMs + this.#graceMs >= fromMs);
  }
}
