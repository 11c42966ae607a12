import type { NodeId, Sighting } from "../core/node.ts";
import { readAdvertisement, type ServiceAnswer } from "./advertisement.ts";
import { RateLimiter } from "./rate-limiter.ts";
import { SeenStarts } from "./seen-starts.ts";

/** What is remembered of nodes; the one that was seen longest ago is forgotten first, and is new when it is seen again. */
const mostRemembered = 4_096;

export interface SeenNodesOptions {
  /** Nodes that are taken up however many strangers there are: those that were named, or have proved themselves. */
  readonly isExpected: (id: NodeId) => boolean;
  readonly monotonicMs: () => number;
  /** Told when a node that is known is heard under another start: asking all again shows whether there are two. */
  readonly onAnotherStart?: () => void;
}

interface SeenNode {
  readonly starts: SeenStarts;
  /** As it was told last. */
  readonly sighting: Sighting;
}

/** The nodes that have advertised themselves, and what they said last. */
export class SeenNodes {
  readonly #options: SeenNodesOptions;
  readonly #rateLimiter: RateLimiter;
  readonly #known = new Map<NodeId, SeenNode>();

  constructor(options: SeenNodesOptions) {
    this.#options = options;
    this.#rateLimiter = new RateLimiter(options.monotonicMs);
  }

  /** Takes in an answer. @returns The node as it is known now, if that is news; it may have answered on several networks */
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
    this.#known.delete(id); // to the end: the first is the one that was seen longest ago
    this.#known.set(id, node);
    const [longestAgo] = this.#known.keys();
    if (this.#known.size > mostRemembered && longestAgo !== undefined) this.#known.delete(longestAgo);
  }
}
