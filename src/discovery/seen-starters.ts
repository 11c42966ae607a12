import type { Starter } from "../core/node.ts";
import type { ServiceAnswer } from "./advertisement.ts";
import { readStarter } from "./starter-notice.ts";
import { discoveryTiming } from "./timing.ts";

/** Machines without a key that are remembered at once. */
const mostStarters = 64;
/** … and those that one address announces: anybody may announce any number, and must leave room for others. */
const mostPerSender = 4;

interface SeenStarter {
  readonly starter: Starter;
  readonly sender: string | undefined;
  readonly heardAtMs: number;
}

/** The machines without a farm key that have announced themselves lately. All times are on a monotonic scale. */
export class SeenStarters {
  readonly #seen = new Map<string, SeenStarter>();

  /** In the order in which they were first heard. */
  get starters(): readonly Starter[] {
    return [...this.#seen.values()].map(({ starter }) => starter);
  }

  /** Processes an answer. @returns Whether something about a machine is new */
  see(answer: ServiceAnswer, atMs: number): boolean {
    const starter = readStarter(answer);
    if (starter === undefined) return false;
    const before = this.#seen.get(starter.id);
    if (before === undefined && !this.#hasRoom(answer.sender)) return false;
    this.#seen.set(starter.id, { starter, sender: answer.sender, heardAtMs: atMs });
    return JSON.stringify(before?.starter) !== JSON.stringify(starter);
  }

  /** Drops machines that were not heard for a while. @returns Whether there were any */
  dropGone(atMs: number): boolean {
    const gone = [...this.#seen].filter(([, { heardAtMs }]) => atMs - heardAtMs >= discoveryTiming.starterGoneAfterMs);
    for (const [id] of gone) this.#seen.delete(id);
    return gone.length > 0;
  }

  #hasRoom(sender: string | undefined): boolean {
    const fromThere = [...this.#seen.values()].filter((seen) => seen.sender === sender).length;
    return this.#seen.size < mostStarters && fromThere < mostPerSender;
  }
}
