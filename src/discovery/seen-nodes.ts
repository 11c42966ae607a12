import type { NodeId, Sighting } from "../core/node.ts";
import { orderAddresses, readAdvertisement, type ServiceAnswer } from "./advertisement.ts";
import { Newcomers } from "./newcomers.ts";

/** What is remembered of nodes; the one that was seen longest ago is forgotten first, and is new when it is seen again. */
const mostRemembered = 4_096;

export interface SeenNodesOptions {
  /** Nodes that are taken up however many strangers there are: those that were named, or have proved themselves. */
  readonly isExpected: (id: NodeId) => boolean;
  readonly monotonicMs: () => number;
}

/** The nodes that have advertised themselves, and what they said last. */
export class SeenNodes {
  readonly #options: SeenNodesOptions;
  readonly #newcomers: Newcomers;
  readonly #known = new Map<NodeId, Sighting>();

  constructor(options: SeenNodesOptions) {
    this.#options = options;
    this.#newcomers = new Newcomers(options.monotonicMs);
  }

  /** Takes in an answer. @returns The node as it is known now, if that is news; it may have answered on several networks */
  see(answer: ServiceAnswer): Sighting | undefined {
    const seen = readAdvertisement(answer);
    if (seen?.id === undefined) return undefined;
    const before = this.#known.get(seen.id);
    if (before === undefined && !this.#options.isExpected(seen.id)) {
      if (!this.#newcomers.admit(answer.sender ?? "")) return undefined;
    }
    const merged = before === undefined ? seen : mergeSightings(before, seen);
    this.#remember(seen.id, merged);
    return JSON.stringify(merged) === JSON.stringify(before) ? undefined : merged;
  }

  #remember(id: NodeId, sighting: Sighting): void {
    this.#known.delete(id); // to the end: the first is the one that was seen longest ago
    this.#known.set(id, sighting);
    const [longestAgo] = this.#known.keys();
    if (this.#known.size > mostRemembered && longestAgo !== undefined) this.#known.delete(longestAgo);
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
