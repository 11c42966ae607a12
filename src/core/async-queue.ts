/** Passes values from callbacks to one reader, in order. Unbounded: use it for few values, never for bytes. */
export class AsyncQueue<T> implements AsyncIterable<T> {
  readonly #values: (T | undefined)[] = [];
  /** Index of the next value: removing the first element of an array would move all others. */
  #next = 0;
  #wake: (() => void) | undefined;
  #isEnded = false;

  push(value: T): void {
    if (this.#isEnded) return;
    this.#values.push(value);
    this.#wake?.();
  }

  /** Ends the queue; the reader still gets the values that were pushed before. Idempotent. */
  end(): void {
    this.#isEnded = true;
    this.#wake?.();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T> {
    for (;;) {
      while (this.#next < this.#values.length) yield this.#take();
      if (this.#isEnded) return;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = undefined;
    }
  }

  #take(): T {
    const value = this.#values[this.#next] as T;
    this.#values[this.#next] = undefined;
    this.#next += 1;
    // Read values are removed once they are the greater part, so this is rare and cheap for any length.
    if (this.#next > this.#values.length / 2) {
      this.#values.splice(0, this.#next);
      this.#next = 0;
    }
    return value;
  }
}
