import type { Sighting } from "../core/node.ts";
import { orderAddresses } from "./advertisement.ts";

/**
 * If an earlier start of a node is seen this long after its latest start was first seen, the earlier one is alive:
 * packets from before a node ended are never that late.
 */
export const aliveAfterMs = 1_000;
/**
 * How many starts are remembered per id, because anybody may announce any number. The least recent one is dropped
 * first.
 */
const mostStarts = 8;

interface Start {
  sighting: Sighting;
  readonly firstHeardMs: number;
  lastHeardMs: number;
}

/**
 * The announcements with one node id. A node announces a random number that it makes at each start. Two numbers mean
 * that the node was restarted, unless the earlier one is seen again after the later one: then two nodes have the same
 * id.
 */
export class SeenStarts {
  /** In the order in which they were first seen. */
  readonly #starts: Start[] = [];

  /**
   * Processes an announcement.
   *
   * @returns The node as of its latest start, with other nodes that have its id in `duplicates`
   */
  hear(seen: Sighting, atMs: number): Sighting {
    const known = this.#starts.find(({ sighting }) => sighting.start === seen.start);
    if (known) {
      known.sighting = mergeSightings(known.sighting, seen);
      known.lastHeardMs = atMs;
    } else {
      this.#starts.push({ sighting: seen, firstHeardMs: atMs, lastHeardMs: atMs });
      if (this.#starts.length > mostStarts) this.#forgetOne();
    }
    return this.#node();
  }

  #node(): Sighting {
    const latest = this.#starts.at(-1);
    if (latest === undefined) throw new Error("This node was never seen");
    const alive = this.#others();
    // The addresses of earlier starts are kept too: a later start may have been announced by anybody.
    const gone = this.#starts.slice(0, -1).filter((start) => !alive.includes(start));
    const sighting = gone.reduceRight((now, { sighting: before }) => mergeSightings(before, now), latest.sighting);
    return alive.length === 0 ? sighting : { ...sighting, duplicates: alive.map((start) => start.sighting) };
  }

  /** Starts that were seen again after the latest one: they are other nodes. */
  #others(): Start[] {
    const latest = this.#starts.at(-1);
    return this.#starts
      .slice(0, -1)
      .filter(({ lastHeardMs }) => latest !== undefined && lastHeardMs - latest.firstHeardMs >= aliveAfterMs);
  }

  /** Drops the least recent start. The latest one was just seen. */
  #forgetOne(): void {
    const earlier = this.#starts.slice(0, -1);
    const longestAgo = earlier.reduce((one, other) => (other.lastHeardMs < one.lastHeardMs ? other : one));
    this.#starts.splice(this.#starts.indexOf(longestAgo), 1);
  }
}

/** The newer sighting with the addresses of both, its own first. */
export function mergeSightings(before: Sighting, now: Sighting): Sighting {
  const port = now.addresses[0]?.port;
  const stillGood = before.addresses.filter((address) => address.port === port);
  const hosts = orderAddresses(
    now.addresses[0]?.host,
    [...now.addresses, ...stillGood].map((address) => address.host),
  );
  return { ...now, addresses: port === undefined ? [] : hosts.map((host) => ({ host, port })) };
}
