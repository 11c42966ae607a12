import { systemClock } from "../core/clock.ts";
import type { Starter } from "../core/node.ts";
import { InterfaceBrowsers } from "./interface-browsers.ts";
import { SeenStarters } from "./seen-starters.ts";
import { starterService } from "./starter-notice.ts";
import { discoveryTiming } from "./timing.ts";

export interface StarterWatchOptions {
  /** Called whenever `starters` has changed. */
  readonly onChange: () => void;
  /** Called with each reason why machines may not be seen. */
  readonly onWarning: (message: string) => void;
}

/** Watches for machines that were started without a farm key, until it is disposed of. */
export class StarterWatch implements Disposable {
  readonly #browsers: InterfaceBrowsers;
  readonly #timer: NodeJS.Timeout;
  readonly #seen = new SeenStarters();

  constructor({ onChange, onWarning }: StarterWatchOptions) {
    this.#browsers = new InterfaceBrowsers({
      type: starterService,
      onAnswer: (answer) => {
        if (this.#seen.see(answer, systemClock.monotonicMs())) onChange();
      },
      onWarning,
    });
    this.#timer = setInterval(() => {
      if (this.#seen.dropGone(systemClock.monotonicMs())) onChange();
      if (this.starters.length > 0) this.#browsers.ask(); // are they still there?
    }, discoveryTiming.startersEveryMs);
  }

  /** The machines that were heard lately, in the order in which they were first heard. */
  get starters(): readonly Starter[] {
    return this.#seen.starters;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.#browsers.stop();
  }
}
