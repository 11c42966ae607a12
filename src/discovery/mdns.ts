import { AsyncQueue } from "../core/async-queue.ts";
import { systemClock } from "../core/clock.ts";
import { messageOf } from "../core/errors.ts";
import type { NodeId, Sighting } from "../core/node.ts";
import { type Bonjour, onAnswer, openBonjour, type Service } from "./bonjour.ts";
import { localIpv4Addresses, probeMdnsPort } from "./interfaces.ts";
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
  const browsers = new InterfaceBrowsers(options);
  options.signal.addEventListener("abort", () => browsers.stop(), { once: true });
  if (options.signal.aborted) browsers.stop();
  try {
    yield* browsers.sightings;
  } finally {
    browsers.stop();
  }
}

/** One bonjour browser per IPv4 address of this machine: a single one would only ask on the default route. */
class InterfaceBrowsers {
  readonly sightings = new AsyncQueue<Sighting>();
  readonly #onWarning: (message: string) => void;
  readonly #browsers = new Map<string, InterfaceBrowser>();
  readonly #seen: SeenNodes;
  readonly #timers: NodeJS.Timeout[] = [];
  #asking: NodeJS.Timeout | undefined;

  constructor({ onWarning, isExpected = () => false }: BrowseOptions) {
    this.#onWarning = onWarning;
    const onAnotherStart = () => this.#askSoon();
    this.#seen = new SeenNodes({ isExpected, monotonicMs: systemClock.monotonicMs, onAnotherStart });
    this.#followInterfaces();
    this.#timers.push(setInterval(() => this.#followInterfaces(), discoveryTiming.interfacesEveryMs));
  }

  stop(): void {
    for (const timer of this.#timers) clearInterval(timer);
    clearTimeout(this.#asking);
    for (const browser of this.#browsers.values()) browser.stop();
    this.#browsers.clear();
    this.sightings.end();
  }

  #followInterfaces(): void {
    const addresses = new Set(localIpv4Addresses());
    for (const [address, browser] of this.#browsers) {
      if (addresses.has(address) && !browser.hasFailed) continue;
      browser.stop();
      this.#browsers.delete(address);
    }
    for (const address of addresses) {
      if (this.#browsers.has(address)) continue;
      const onFound = (service: Service) => this.#found(service);
      this.#browsers.set(address, new InterfaceBrowser(address, onFound, this.#onWarning));
    }
  }

  /** Asks once after a while, however many other starts are reported until then. */
  #askSoon(): void {
    this.#asking ??= setTimeout(() => {
      this.#asking = undefined;
      for (const browser of this.#browsers.values()) browser.ask();
    }, discoveryTiming.startsAgainAfterMs);
  }

  #found(service: Service): void {
    const sighting = this.#seen.see({
      port: service.port,
      sender: service.referer?.address,
      addresses: service.addresses ?? [],
      txt: service.txt ?? {},
    });
    if (sighting) this.sightings.push(sighting);
  }
}

class InterfaceBrowser {
  hasFailed = false;
  readonly #bonjour: Bonjour;
  readonly #browser: ReturnType<Bonjour["find"]>;
  readonly #timers: NodeJS.Timeout[];
  #isStopped = false;

  constructor(address: string, onFound: (service: Service) => void, onWarning: (message: string) => void) {
    const fail = (error: unknown) => {
      if (!this.hasFailed && !this.#isStopped) onWarning(`Cannot use mDNS on ${address}: ${messageOf(error)}`);
      this.hasFailed = true;
    };
    this.#bonjour = openBonjour(address, fail);
    this.#browser = this.#bonjour.find({ type: "renderfarm", protocol: "tcp" });
    onAnswer(this.#browser, onFound);
    const ask = () => this.ask();
    this.#timers = [
      ...discoveryTiming.queriesAtMs.slice(1).map((delayMs) => setTimeout(ask, delayMs)),
      setInterval(ask, discoveryTiming.queryAgainEveryMs),
    ];
  }

  /** Asks all nodes on this network to announce themselves. */
  ask(): void {
    if (!this.#isStopped) this.#browser.update();
  }

  stop(): void {
    if (this.#isStopped) return;
    this.#isStopped = true;
    for (const timer of this.#timers) clearInterval(timer);
    this.#bonjour.destroy();
  }
}
