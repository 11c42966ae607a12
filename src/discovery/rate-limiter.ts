/** How many new nodes are taken up at once, and how many more in the course of time. */
interface Quota {
  readonly atOnce: number;
  readonly everyMs: number;
}

/**
 * From one address. A machine has a node or two; a gateway that passes mDNS on between networks answers for all the nodes
 * behind it, which are taken up in the course of time.
 */
const perSender: Quota = { atOnce: 64, everyMs: 10_000 };
/** From all together: whoever has many addresses, or forges them, does not get further than this. */
const inAll: Quota = { atOnce: 1_024, everyMs: 1_000 };
/** Forgetting the one that was heard longest ago gives it its places again; the number in all holds nevertheless. */
const mostSenders = 4_096;

interface Places {
  /** Free places, each counted with the time after which there is one more: whole numbers, whenever it is looked. */
  readonly freeMs: number;
  readonly sinceMs: number;
}

/**
 * Decides whether a node that was never seen before is taken up. Anybody may announce as many as he likes, and each costs a
 * dial and a place in memory: so that honest ones get in, everybody who announces has places of his own.
 */
export class RateLimiter {
  readonly #monotonicMs: () => number;
  #all: Places;
  readonly #bySender = new Map<string, Places>();

  constructor(monotonicMs: () => number) {
    this.#monotonicMs = monotonicMs;
    this.#all = allFree(inAll, monotonicMs());
  }

  /** @param sender Address from which the announcement came */
  admit(sender: string): boolean {
    const atMs = this.#monotonicMs();
    const all = renewed(this.#all, inAll, atMs);
    const own = renewed(this.#bySender.get(sender) ?? allFree(perSender, atMs), perSender, atMs);
    const isAdmitted = all.freeMs >= inAll.everyMs && own.freeMs >= perSender.everyMs;
    this.#all = isAdmitted ? oneTaken(all, inAll) : all;
    this.#bySender.delete(sender); // to the end: the first is the one that was heard longest ago
    this.#bySender.set(sender, isAdmitted ? oneTaken(own, perSender) : own);
    const [longestAgo] = this.#bySender.keys();
    if (this.#bySender.size > mostSenders && longestAgo !== undefined) this.#bySender.delete(longestAgo);
    return isAdmitted;
  }
}

function allFree({ atOnce, everyMs }: Quota, sinceMs: number): Places {
  return { freeMs: atOnce * everyMs, sinceMs };
}

function renewed({ freeMs, sinceMs }: Places, { atOnce, everyMs }: Quota, atMs: number): Places {
  return { freeMs: Math.min(atOnce * everyMs, freeMs + atMs - sinceMs), sinceMs: atMs };
}

function oneTaken({ freeMs, sinceMs }: Places, { everyMs }: Quota): Places {
  return { freeMs: freeMs - everyMs, sinceMs };
}
