import type { NodeId, Sighting } from "../core/node.ts";
import { readAdvertisement, type ServiceAnswer } from "./advertisement.ts";
import { RateLimiter } from "./rate-limiter.ts";
import { SeenStarts } from "./seen-starts.ts";

/** How many nodes are remembered. The least recent one is dropped first, and counts as new when it is seen again. */
const mostRemembered = 4_096;

export interface SeenNodesOptions {
  /** Nodes that are always admitted: the user named them, or they have proved themselves. */
  readonly isExpected: (id: NodeId) => boolean;
  readonly monotonicMs: () => number;
  /** Called when a known node is seen with another start: asking all nodes again shows whether there are two. */
  readonly onAnotherStart?: () => void;
}

interface SeenNode {
  readonly starts: SeenStarts;
  /** The last reported sighting. */
  readonly sighting: Sighting;
}

/** The nodes that have advertised themselves, with their latest advertisements. */
export class SeenNodes {
  readonly #options: SeenNodesOptions;
  readonly #rateLimiter: RateLimiter;
  readonly #known = new Map<NodeId, SeenNode>();

  constructor(options: SeenNodesOptions) {
    this.#options = options;
    this.#rateLimiter = new RateLimiter(options.monotonicMs);
  }

  /** Processes an answer. @returns The node, merged from all networks, if something about it is new */
  see(answer: ServiceAnswer): Sighting | undefined {
    const seen = readAdvertisement(answer);
    if (seen?.id === undefined) return undefined;
    const before = this.#known.get(seen.id);
    if (before === undefined && !this.#options.isExpected(seen.id)) {
      if (!this.#rateLimiter.admit(answer.sender ?? "")) return undefined;
    }
    const starts = before?.starts ?? new SeenStarts();
    const sighting = starts.hear(seen, this.#options.monotonicMs());
    this.#remember(seen.id, { starts, sighting });
    if (before !== undefined && before.sighting.start !== sighting.start) this.#options.onAnotherStart?.();
    return JSON.stringify(sighting) === JSON.stringify(before?.sighting) ? undefined : sighting;
  }

  #remember(id: NodeId, node: SeenNode): void {
    this.#known.delete(id); // moves it to the end: the first one is the least recent
    this.#known.set(id, node);
    const [longestAgo] = this.#known.keys();
    if (this.#known.size > mostRemembered && longestAgo !== undefined) this.#known.delete(longestAgo);
  }
}
