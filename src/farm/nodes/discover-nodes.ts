import type { NodeId, Sighting } from "../../core/node.ts";
import { browseMdns } from "../../discovery/mdns.ts";
import { firstScan, type OnNew } from "../../discovery/scan.ts";
import { discoveryTiming } from "../../discovery/timing.ts";

export interface DiscoverOptions {
  readonly signal: AbortSignal;
  /** Told why nodes may stay unseen. */
  readonly onWarning: (message: string) => void;
}

/**
 * Looks once for the nodes on the network; takes 1.5 to 5 seconds.
 *
 * @returns Each node id once, as its node last described itself; others with the same id are its `duplicates`
 */
export async function discoverNodes(options: DiscoverOptions): Promise<Sighting[]> {
  const found = new Map<NodeId, Sighting>();
  const stop = new AbortController();
  const signal = AbortSignal.any([options.signal, stop.signal]);
  const browse = async (onNew: OnNew) => {
    for await (const sighting of browseMdns({ signal, onWarning: options.onWarning })) {
      if (sighting.id === undefined) continue;
      const before = found.get(sighting.id);
      if (before === undefined) onNew();
      else if (before.start !== sighting.start) onNew(discoveryTiming.startsHeardWithinMs);
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
