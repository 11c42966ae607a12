import type { NodeId, Sighting } from "../../core/node.ts";
import { browseMdns } from "../../discovery/mdns.ts";
import { firstScan, type OnNew } from "../../discovery/scan.ts";
import type { Dial } from "../../session/link.ts";
import type { NodeSource, NodeSourceHost } from "./node-source.ts";
import { openNodeExcluded } from "./trust/trust-policy.ts";

/** Anybody may announce any number of open nodes. */
const mostOpenTold = 20;

export interface MdnsNodesOptions {
  readonly dial: Dial;
  /** Ids of nodes that are named elsewhere: mDNS knows their present addresses. */
  readonly named: readonly NodeId[];
  /** Whether nodes that nobody named may take part. */
  readonly takesAll: boolean;
  /** Whether this is the only source, so that the number of nodes that it found is worth reporting. */
  readonly tellsCount: boolean;
}

/** The nodes that announce themselves on the network, from the first scan to the end of the job. */
export class MdnsNodes implements NodeSource {
  readonly #options: MdnsNodesOptions;
  readonly #stop = new AbortController();
  readonly #openTold = new Set<NodeId>();
  #browsing: Promise<void> = Promise.resolve();

  constructor(options: MdnsNodesOptions) {
    this.#options = options;
  }

  async look(host: NodeSourceHost, signal: AbortSignal): Promise<void> {
    await firstScan((onNew) => {
      this.#browsing = this.#browse(host, onNew);
      return this.#browsing;
    }, signal);
    if (this.#options.tellsCount) host.tell({ type: "discovery:scanned", nodes: host.size });
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#browsing;
  }

  async #browse(host: NodeSourceHost, onNew: OnNew): Promise<void> {
    const { dial, named, takesAll } = this.#options;
    const onWarning = (message: string) => host.tell({ type: "warning", code: "MDNS", message, name: null });
    // A flood of announcements must not keep out the farm's own nodes.
    const isExpected = (id: NodeId) => named.includes(id) || host.isKnown(id);
    for await (const sighting of browseMdns({ signal: this.#stop.signal, onWarning, isExpected })) {
      const isNamed = sighting.id !== undefined && named.includes(sighting.id);
      if (!takesAll && !isNamed) continue;
      // Nothing proves that an open node is the one that was named, so it is used only at the named address.
      if ((sighting.keyId ?? null) === null) {
        if (!isNamed) this.#tellOpen(host, sighting);
        continue;
      }
      const sizeBefore = host.size;
      host.add({ sighting, dial });
      if (host.size > sizeBefore) onNew();
    }
  }

  /** An open node that nobody named may be anybody's: it is excluded, which is reported once. */
  #tellOpen(host: NodeSourceHost, { id = "", name = "a node" }: Sighting): void {
    if (this.#openTold.has(id) || this.#openTold.size >= mostOpenTold) return;
    this.#openTold.add(id);
    const { code, message, hint } = openNodeExcluded(name);
    host.tell({ type: "node:excluded", name, code, message, hint });
  }
}
