/** @typedef {import("./coordinator.mjs").Heard} Heard */

/**
 * A fault that was done.
 *
 * @typedef {object} Deed
 * @property {string} kind
 * @property {Set<string>} names of the nodes it is about
 * @property {readonly string[]} leadsTo events about no node that may follow it
 * @property {number} fromMs
 * @property {number} toMs
 * @property {boolean} isEffective whether it hit something under way
 * @property {Map<string, number>} followed what came of it, and how often
 */

/** What counts as a consequence for a node, or for the whole job. */
const words = new Map([
  ["node:lost", "node lost"],
  ["node:barred", "node barred"],
  ["node:excluded", "node refused"],
  ["node:unreachable", "node unreachable"],
  ["frame:requeued", "frame requeued"],
  ["encode:postponed", "encoding postponed"],
  ["job:waiting", "job waiting"],
]);

/** How long after a fault its consequences may come: a lost link is noticed after ten seconds. */
const aftermathMs = 15_000;

/** What was done, and what followed. */
export class Ledger {
  /** @type {Deed[]} */
  #deeds = [];

  /** @param {string} kind @param {readonly string[]} names @param {readonly string[]} leadsTo @returns {Deed} */
  begin(kind, names, leadsTo) {
    const [fromMs, toMs] = [performance.now(), Number.POSITIVE_INFINITY];
    const deed = { kind, names: new Set(names), leadsTo, fromMs, toMs, isEffective: false, followed: new Map() };
    this.#deeds.push(deed);
    return deed;
  }

  /** @param {Deed} deed @param {boolean} isEffective @param {readonly string[]} followed */
  end(deed, isEffective, followed) {
    deed.toMs = performance.now();
    deed.isEffective = isEffective;
    for (const word of followed) note(deed, word);
  }

  /** Puts an event down to the latest fault that may have led to it. @param {Heard} event */
  hear(event) {
    const word = words.get(event.type);
    if (word === undefined) return;
    const nowMs = performance.now();
    const cause = this.#deeds.findLast(
      ({ names, leadsTo, toMs }) =>
        toMs + aftermathMs > nowMs && (leadsTo.includes(event.type) || names.has(String(event.name))),
    );
    if (cause) note(cause, word);
  }

  /** Faults that are at work. */
  get underWay() {
    return this.#deeds.filter(({ toMs }) => toMs === Number.POSITIVE_INFINITY);
  }

  /** @param {string} kind */
  countOf(kind) {
    const deeds = this.#deeds.filter((deed) => deed.kind === kind);
    return { done: deeds.length, effective: deeds.filter(({ isEffective }) => isEffective).length };
  }

  /** A line for each kind: how often it was done, how often it hit something, what came of it. @param {readonly string[]} kinds */
  table(kinds) {
    const width = Math.max(...kinds.map((kind) => kind.length));
    const lines = kinds.map((kind) => {
      const { done, effective } = this.countOf(kind);
      const followed = /** @type {Map<string, number>} */ (new Map());
      for (const deed of this.#deeds.filter((one) => one.kind === kind)) {
        for (const [word, count] of deed.followed) followed.set(word, (followed.get(word) ?? 0) + count);
      }
      const told = [...followed].map(([word, count]) => `${count} × ${word}`).join(", ");
      return `${kind.padEnd(width)}  ${String(done).padStart(4)}  ${String(effective).padStart(7)}  ${told}`.trimEnd();
    });
    return [`${"fault".padEnd(width)}  done  hitting  what followed`, ...lines];
  }
}

/** @param {Deed} deed @param {string} word */
function note({ followed }, word) {
  followed.set(word, (followed.get(word) ?? 0) + 1);
}
