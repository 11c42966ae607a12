import { TokenBucket, type TokenRate } from "../core/token-bucket.ts";

/**
 * New nodes from one address. A machine runs one or two nodes. A gateway that relays mDNS between networks answers for
 * all nodes behind it; those beyond the capacity are admitted one by one.
 */
const perSender: TokenRate = { capacity: 64, everyMs: 10_000 };
/** New nodes from all addresses together: a limit for attackers that have or forge many addresses. */
const inAll: TokenRate = { capacity: 1_024, everyMs: 1_000 };
/**
 * Beyond this number the least recent sender is dropped. Its bucket is then full again, but the total limit still
 * holds.
 */
const mostSenders = 4_096;

/**
 * Decides whether to admit a node that was never seen before. Anybody can announce any number of nodes, and each costs
 * a connection attempt and some memory. Each sender has its own bucket, so that a flood from one leaves room for
 * others.
 */
export class RateLimiter {
  readonly #monotonicMs: () => number;
  readonly #all: TokenBucket;
  readonly #bySender = new Map<string, TokenBucket>();

  constructor(monotonicMs: () => number) {
    this.#monotonicMs = monotonicMs;
    this.#all = new TokenBucket(inAll, monotonicMs());
  }

  /** @param sender The address that the announcement came from */
  admit(sender: string): boolean {
    const atMs = this.#monotonicMs();
    const own = this.#bySender.get(sender) ?? new TokenBucket(perSender, atMs);
    this.#bySender.delete(sender); // moves it to the end: the first one is the least recent
    this.#bySender.set(sender, own);
    const [longestAgo] = this.#bySender.keys();
    if (this.#bySender.size > mostSenders && longestAgo !== undefined) this.#bySender.delete(longestAgo);
    return own.has(1, atMs) && this.#all.take(1, atMs) && own.take(1, atMs);
  }
}
