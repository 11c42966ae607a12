import type { NodeId, Sighting } from "../../../core/node.ts";
import { browseMdns } from "../../../discovery/mdns.ts";
import { firstScan, type OnNew } from "../../../discovery/scan.ts";
import { discoveryTiming } from "../../../discovery/timing.ts";

export interface DiscoverOptions {
  readonly signal?: AbortSignal;
  /** Called with reasons why nodes may not be seen. */
  readonly onWarning: (message: string) => void;
}

/**
 * Scans the network once for nodes; takes 1.5 to 5 seconds.
 *
 * @returns Each node id once, with its latest announcement; other nodes with the same id are its `duplicates`
 */
export async function discoverNodes(options: DiscoverOptions): Promise<Sighting[]> {
  const found = new Map<NodeId, Sighting>();
  const stop = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, stop.signal]) : stop.signal;
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
    await firstScan(browse, signal);
  } finally {
    stop.abort();
  }
  return [...found.values()];
}
