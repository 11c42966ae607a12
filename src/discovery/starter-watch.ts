import { systemClock } from "../core/clock.ts";
import type { Starter } from "../core/node.ts";
import { InterfaceBrowsers } from "./interface-browsers.ts";
import { RateLimiter } from "./rate-limiter.ts";
import { readStarter, starterService } from "./starter-notice.ts";
import { discoveryTiming } from "./timing.ts";

/** More than this many machines are not watched at once: anybody may announce any number. */
const mostStarters = 64;

export interface StarterWatchOptions {
  /** Called whenever `starters` has changed. */
  readonly onChange: () => void;
  /** Called with each reason why machines may not be seen. */
  readonly onWarning: (message: string) => void;
}

/** Watches for machines that were started without a farm key, until it is disposed of. */
export class StarterWatch implements Disposable {
  readonly #options: StarterWatchOptions;
  readonly #browsers: InterfaceBrowsers;
  readonly #timer: NodeJS.Timeout;
  readonly #limiter = new RateLimiter(systemClock.monotonicMs);
  readonly #seen = new Map<string, { starter: Starter; heardAtMs: number }>();

  constructor(options: StarterWatchOptions) {
    this.#options = options;
    this.#browsers = new InterfaceBrowsers({
      type: starterService,
      onAnswer: (answer) => this.#see(readStarter(answer), answer.sender),
      onWarning: options.onWarning,
    });
    this.#timer = setInterval(() => this.#check(), discoveryTiming.startersEveryMs);
  }

  /** The machines that were heard lately, in the order in which they were first heard. */
  get starters(): readonly Starter[] {
    return [...this.#seen.values()].map(({ starter }) => starter);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.#browsers.stop();
  }

  #see(starter: Starter | undefined, sender: string | undefined): void {
    if (starter === undefined) return;
    const before = this.#seen.get(starter.id);
    if (before === undefined && (this.#seen.size >= mostStarters || !this.#limiter.admit(sender ?? ""))) return;
    this.#seen.set(starter.id, { starter, heardAtMs: systemClock.monotonicMs() });
    if (JSON.stringify(before?.starter) !== JSON.stringify(starter)) this.#options.onChange();
  }

  /** Asks known machines whether they are still there, and drops those that were not heard for a while. */
  #check(): void {
    const now = systemClock.monotonicMs();
    let isChanged = false;
    for (const [id, { heardAtMs }] of this.#seen) {
      if (now - heardAtMs < discoveryTiming.starterGoneAfterMs) continue;
      this.#seen.delete(id);
      isChanged = true;
    }
    if (isChanged) this.#options.onChange();
    if (this.#seen.size > 0) this.#browsers.ask();
  }
}
