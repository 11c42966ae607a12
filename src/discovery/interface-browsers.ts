import { messageOf } from "../core/errors.ts";
import type { ServiceAnswer } from "./advertisement.ts";
import { type Bonjour, onAnswer, openBonjour, type Service } from "./bonjour.ts";
import { localIpv4Addresses } from "./interfaces.ts";
import { discoveryTiming } from "./timing.ts";

export interface InterfaceBrowsersOptions {
  /** The type of the service, for example "renderfarm" for `_renderfarm._tcp`. */
  readonly type: string;
  readonly onAnswer: (answer: ServiceAnswer) => void;
  /** Called once for each interface that cannot be used; the others are used. */
  readonly onWarning: (message: string) => void;
}

/** One bonjour browser per IPv4 address of this machine: a single one would only ask on the default route. */
export class InterfaceBrowsers {
  readonly #options: InterfaceBrowsersOptions;
  readonly #browsers = new Map<string, InterfaceBrowser>();
  readonly #timer: NodeJS.Timeout;

  constructor(options: InterfaceBrowsersOptions) {
    this.#options = options;
    this.#followInterfaces();
    this.#timer = setInterval(() => this.#followInterfaces(), discoveryTiming.interfacesEveryMs);
  }

  /** Asks all services on all networks to announce themselves. */
  ask(): void {
    for (const browser of this.#browsers.values()) browser.ask();
  }

  /** Idempotent. */
  stop(): void {
    clearInterval(this.#timer);
    for (const browser of this.#browsers.values()) browser.stop();
    this.#browsers.clear();
  }

  #followInterfaces(): void {
    const addresses = new Set(localIpv4Addresses());
    for (const [address, browser] of this.#browsers) {
      if (addresses.has(address) && !browser.hasFailed) continue;
      browser.stop();
      this.#browsers.delete(address);
    }
    for (const address of addresses) {
      if (!this.#browsers.has(address)) this.#browsers.set(address, new InterfaceBrowser(address, this.#options));
    }
  }
}

class InterfaceBrowser {
  hasFailed = false;
  readonly #bonjour: Bonjour;
  readonly #browser: ReturnType<Bonjour["find"]>;
  readonly #timers: NodeJS.Timeout[];
  #isStopped = false;

  constructor(address: string, options: InterfaceBrowsersOptions) {
    const fail = (error: unknown) => {
      if (!this.hasFailed && !this.#isStopped) options.onWarning(`Cannot use mDNS on ${address}: ${messageOf(error)}`);
      this.hasFailed = true;
    };
    this.#bonjour = openBonjour(address, fail);
    this.#browser = this.#bonjour.find({ type: options.type, protocol: "tcp" });
    onAnswer(this.#browser, (service) => options.onAnswer(answerOf(service)));
    const ask = () => this.ask();
    this.#timers = [
      ...discoveryTiming.queriesAtMs.slice(1).map((delayMs) => setTimeout(ask, delayMs)),
      setInterval(ask, discoveryTiming.queryAgainEveryMs),
    ];
  }

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

function answerOf({ port, referer, addresses, txt }: Service): ServiceAnswer {
  return { port, sender: referer?.address, addresses: addresses ?? [], txt: txt ?? {} };
}
