import type { LabEvent } from "../support/lab/lab-coordinator.ts";

/** A fault that was done. */
interface Entry {
  readonly kind: string;
  /** The node that it affects, if it affects one. */
  readonly name: string | undefined;
  /** Events that name no node and may follow it. */
  readonly leadsTo: readonly string[];
  endedMs: number;
  /** Whether it hit something that was running. */
  isEffective: boolean;
  /** Its consequences, in words that are counted. */
  readonly followed: string[];
}

/** Events that count as consequences for a node, or for the whole job. */
const words = new Map([
  ["node:lost", "node lost"],
  ["node:barred", "node barred"],
  ["node:excluded", "node excluded"],
  ["node:unreachable", "node unreachable"],
  ["frame:requeued", "frame requeued"],
  ["encode:postponed", "encoding postponed"],
  ["job:waiting", "job waiting"],
]);

/** How long after a fault its consequences may follow: a lost link is noticed after ten seconds. */
const aftermathMs = 15_000;

/** The faults that were done, and their consequences. */
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

  /** Attributes an event to the latest fault that may have caused it. */
  hear(event: LabEvent): void {
    const word = words.get(event.type);
    if (word === undefined) return;
    const isCause = ({ name, leadsTo, endedMs }: Entry) =>
      endedMs + aftermathMs > performance.now() &&
      (leadsTo.includes(event.type) || (name !== undefined && name === event.name));
    this.#entries.findLast(isCause)?.followed.push(word);
  }

  /** Running faults, in words. */
  get underWay(): string[] {
    const open = this.#entries.filter(({ endedMs }) => endedMs === Number.POSITIVE_INFINITY);
    return open.map(({ kind, name }) => (name === undefined ? kind : `${name}: ${kind}`));
  }

  /** Whether a fault of the kind hit something. */
  hasHit(kind: string): boolean {
    return this.#entries.some((entry) => entry.kind === kind && entry.isEffective);
  }

  /** A line for each kind: how often it was done, how often it hit something, and what followed. */
  table(kinds: readonly string[]): string[] {
    const width = Math.max(...kinds.map((kind) => kind.length));
    const lines = kinds.map((kind) => {
      const entries = this.#entries.filter((entry) => entry.kind === kind);
      const hitting = entries.filter(({ isEffective }) => isEffective).length;
      const followed = entries.flatMap((entry) => entry.followed);
      const told = [...new Set(followed)].map((word) => `${followed.filter((one) => one === word).length} × ${word}`);
      return `${row(kind, entries.length, hitting)}  ${told.join(", ")}`.trimEnd();
    });
    return [`${row("fault", "done", "hitting")}  what followed`, ...lines];

    function row(kind: string, done: unknown, hitting: unknown) {
      return `${kind.padEnd(width)}  ${String(done).padStart(4)}  ${String(hitting).padStart(7)}`;
    }
  }
}
