import type { NodeId, Sighting } from "../core/node.ts";
import { browseMdns } from "../discovery/mdns.ts";
import { firstScan } from "../discovery/scan.ts";

export interface DiscoverOptions {
  readonly signal: AbortSignal;
  /** Told why nodes may stay unseen. */
  readonly onWarning: (message: string) => void;
}

/**
 * Looks once for the nodes on the network; takes 1.5 to 5 seconds.
 *
 * @returns Each node once, as it last described itself
 */
export async function discoverNodes(options: DiscoverOptions): Promise<Sighting[]> {
  const found = new Map<NodeId, Sighting>();
  const stop = new AbortController();
  const signal = AbortSignal.any([options.signal, stop.signal]);
  const browse = async (onNew: () => void) => {
    for await (const sighting of browseMdns({ signal, onWarning: options.onWarning })) {
      if (sighting.id === undefined) continue;
      if (!found.has(sighting.id)) onNew();
      found.set(sighting.id, sighting);
    }
  };
  try {
    await firstScan(browse, options.signal);
  } finally {
    stop.abort();
  }
  return [...found.values()];
}
