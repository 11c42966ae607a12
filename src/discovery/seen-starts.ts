import type { Sighting } from "../core/node.ts";
import { orderAddresses } from "./advertisement.ts";

/**
 * How long after the latest start of a node was first heard an earlier one has to be heard to be alive: what was sent before a
 * node ended may arrive late, but not by so much.
 */
export const aliveAfterMs = 1_000;
/** Anybody may announce a node's id, under any number of starts; the one that was heard longest ago is forgotten first. */
const mostStarts = 8;

interface Start {
  sighting: Sighting;
  readonly firstHeardMs: number;
  lastHeardMs: number;
}

/**
 * What was heard under one node id. A node makes a random number at each start and announces it: two numbers are a node that
 * was started again, unless the earlier one is heard again after the later one. Then two nodes have one id.
 */
export class SeenStarts {
  /** In the order in which they were first heard. */
  readonly #starts: Start[] = [];

  /**
   * Takes in what was heard.
   *
   * @returns The node as of its latest start, with what is known to be another node in `duplicates`
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
    if (latest === undefined) throw new Error("Nothing was heard of this node");
    const alive = this.#others();
    // Where an earlier start was is worth a try too: it may be anybody who announces a later one.
    const gone = this.#starts.slice(0, -1).filter((start) => !alive.includes(start));
    const sighting = gone.reduceRight((now, { sighting: before }) => mergeSightings(before, now), latest.sighting);
    return alive.length === 0 ? sighting : { ...sighting, duplicates: alive.map((start) => start.sighting) };
  }

  /** Starts that were heard again after the latest one had begun: they are nodes of their own. */
  #others(): Start[] {
    const latest = this.#starts.at(-1);
    return this.#starts
      .slice(0, -1)
      .filter(({ lastHeardMs }) => latest !== undefined && lastHeardMs - latest.firstHeardMs >= aliveAfterMs);
  }

  /** The latest is the one that was just heard. */
  #forgetOne(): void {
    const earlier = this.#starts.slice(0, -1);
    const longestAgo = earlier.reduce((one, other) => (other.lastHeardMs < one.lastHeardMs ? other : one));
    this.#starts.splice(this.#starts.indexOf(longestAgo), 1);
  }
}

/** The newer sighting's words, with the addresses of both: the newer one's first. */
export function mergeSightings(before: Sighting, now: Sighting): Sighting {
  const port = now.addresses[0]?.port;
  const stillGood = before.addresses.filter((address) => address.port === port);
  const hosts = orderAddresses(
    now.addresses[0]?.host,
    [...now.addresses, ...stillGood].map((address) => address.host),
  );
  return { ...now, addresses: port === undefined ? [] : hosts.map((host) => ({ host, port })) };
}
