import { AsyncQueue } from "../core/async-queue.ts";
import { systemClock } from "../core/clock.ts";
import type { NodeId, Sighting } from "../core/node.ts";
import type { ServiceAnswer } from "./advertisement.ts";
import { InterfaceBrowsers } from "./interface-browsers.ts";
import { probeMdnsPort } from "./interfaces.ts";
import { SeenNodes } from "./seen-nodes.ts";
import { discoveryTiming } from "./timing.ts";

export interface BrowseOptions {
  readonly signal: AbortSignal;
  /** Called once for each reason why nodes may not be found; discovery continues with the interfaces that work. */
  readonly onWarning: (message: string) => void;
  /** Nodes that are always yielded (default: none). Others are limited, because each costs a connection attempt. */
  readonly isExpected?: (id: NodeId) => boolean;
}

/**
 * Yields every render node that advertises itself, and yields it again when its advertisement has changed. A node on
 * several networks is one sighting with several addresses. Continues until the signal is aborted.
 */
export async function* browseMdns(options: BrowseOptions): AsyncGenerator<Sighting> {
  const portProblem = await probeMdnsPort();
  if (portProblem !== undefined) {
    options.onWarning(
      `Cannot look for nodes by mDNS: another program uses UDP port 5353 exclusively (${portProblem}); name the nodes with --nodes`,
    );
    return;
  }
  const sightings = new AsyncQueue<Sighting>();
  const { onWarning, isExpected = () => false } = options;
  let asking: NodeJS.Timeout | undefined;
  /** Asks once after a while, however many other starts are reported until then. */
  const askSoon = () => {
    asking ??= setTimeout(() => {
      asking = undefined;
      browsers.ask();
    }, discoveryTiming.startsAgainAfterMs);
  };
  const seen = new SeenNodes({ isExpected, monotonicMs: systemClock.monotonicMs, onAnotherStart: askSoon });
  const onAnswer = (answer: ServiceAnswer) => {
    const sighting = seen.see(answer);
    if (sighting) sightings.push(sighting);
  };
  const browsers = new InterfaceBrowsers({ type: "renderfarm", onAnswer, onWarning });
  const stop = () => {
    clearTimeout(asking);
    browsers.stop();
    sightings.end();
  };
  options.signal.addEventListener("abort", stop, { once: true });
  if (options.signal.aborted) stop();
  try {
    yield* sightings;
  } finally {
    stop();
  }
}
