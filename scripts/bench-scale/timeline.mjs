/** Virtual time: runs actions in the order of their times, or of their planning if the times are equal. */
export class Timeline {
  nowMs = 0;
  /**
   * A binary heap: the entry at i is never later than those at 2i + 1 and 2i + 2.
   *
   * @type {{ atMs: number, order: number, action: () => void }[]}
   */
  #heap = [];
  #order = 0;

  /** @param {number} ms @param {() => void} action */
  after(ms, action) {
    const entry = { atMs: this.nowMs + ms, order: this.#order++, action };
    let child = this.#heap.push(entry) - 1;
    while (child > 0) {
      const parent = (child - 1) >> 1;
      if (isBefore(this.#heap[parent], entry)) break;
      this.#heap[child] = this.#heap[parent];
      child = parent;
    }
    this.#heap[child] = entry;
  }

  /** Moves the time to the next planned action and runs it. @returns {boolean} false: no action is planned */
  next() {
    const [first] = this.#heap;
    const last = this.#heap.pop();
    if (!first || !last) return false;
    if (this.#heap.length > 0) this.#sink(last);
    this.nowMs = first.atMs;
    first.action();
    return true;
  }

  #sink(entry) {
    const heap = this.#heap;
    let parent = 0;
    for (;;) {
      let child = 2 * parent + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1], heap[child])) child++;
      if (isBefore(entry, heap[child])) break;
      heap[parent] = heap[child];
      parent = child;
    }
    heap[parent] = entry;
  }
}

function isBefore(one, other) {
  return one.atMs < other.atMs || (one.atMs === other.atMs && one.order < other.order);
}
