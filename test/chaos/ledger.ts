import type { LabEvent } from "../support/lab/lab-coordinator.ts";

/** A fault that was done. */
interface Entry {
  readonly kind: string;
  /** The node it is about, if it is about one. */
  readonly name: string | undefined;
  /** Events about no node that may follow it. */
  readonly leadsTo: readonly string[];
  endedMs: number;
  /** Whether it hit something under way. */
  isEffective: boolean;
  /** What came of it, in words that are counted. */
  readonly followed: string[];
}

/** What counts as a consequence for a node, or for the whole job. */
const words = new Map([
  ["node:lost", "node lost"],
  ["node:barred", "node barred"],
  ["node:excluded", "node excluded"],
  ["node:unreachable", "node unreachable"],
  ["frame:requeued", "frame requeued"],
  ["encode:postponed", "encoding postponed"],
  ["job:waiting", "job waiting"],
]);

/** How long after a fault its consequences may come: a lost link is noticed after ten seconds. */
const aftermathMs = 15_000;

/** What was done, and what followed. */
export class Ledger {
  readonly #entries: Entry[] = [];

  begin(kind: string, name: string | undefined, leadsTo: readonly string[] = []): Entry {
    const entry = { kind, name, leadsTo, endedMs: Number.POSITIVE_INFINITY, isEffective: false, followed: [] };
    this.#entries.push(entry);
    return entry;
  }

  end(entry: Entry, isEffective: boolean, followed: readonly string[] = []): void {
    entry.endedMs = performance.now();
    entry.isEffective = isEffective;
    entry.followed.push(...followed);
  }

  /** Puts an event down to the latest fault that may have led to it. */
  hear({ type, name: node }: LabEvent): void {
    const word = words.get(type);
    if (word === undefined) return;
    const sinceMs = performance.now() - aftermathMs;
    const isCause = ({ name, leadsTo }: Entry) => leadsTo.includes(type) || (name !== undefined && name === node);
    this.#entries.findLast((entry) => entry.endedMs > sinceMs && isCause(entry))?.followed.push(word);
  }

  /** Faults that are at work, in words. */
  get underWay(): string[] {
    const open = this.#entries.filter(({ endedMs }) => endedMs === Number.POSITIVE_INFINITY);
    return open.map(({ kind, name }) => (name === undefined ? kind : `${name}: ${kind}`));
  }

  /** Whether a fault of the kind hit something. */
  hasHit(kind: string): boolean {
    return this.#entries.some((entry) => entry.kind === kind && entry.isEffective);
  }

  /** A line for each kind: how often it was done, how often it hit something, what came of it. */
  table(kinds: readonly string[]): string[] {
    const width = Math.max(...kinds.map((kind) => kind.length));
    const lineOf = (kind: string, done: unknown, hitting: unknown, followed: string) =>
      `${kind.padEnd(width)}  ${String(done).padStart(4)}  ${String(hitting).padStart(7)}  ${followed}`.trimEnd();
    const lines = kinds.map((kind) => {
      const entries = this.#entries.filter((entry) => entry.kind === kind);
      const followed = entries.flatMap((entry) => entry.followed);
      const told = [...new Set(followed)].map((word) => `${followed.filter((one) => one === word).length} × ${word}`);
      return lineOf(kind, entries.length, entries.filter(({ isEffective }) => isEffective).length, told.join(", "));
    });
    return [lineOf("fault", "done", "hitting", "what followed"), ...lines];
  }
}
