import type { FarmEvent } from "../../index.ts";
import type { Reporter } from "../reporters/reporters.ts";
import { LiveView, type LiveViewOptions } from "./live-view.ts";

/**
 * Shows a job in a live view, which opens at the first event and ends with the job. After `close` the terminal is free
 * for questions, and the next event opens a new view.
 */
export class LiveReporter implements Reporter, Disposable {
  readonly #options: LiveViewOptions;
  #view: LiveView | undefined;

  constructor(options: LiveViewOptions) {
    this.#options = options;
  }

  tell(event: FarmEvent): void {
    this.#view ??= new LiveView(this.#options);
    this.#view.tell(event);
    if (!this.#view.isOpen) this.#view = undefined;
  }

  /** Call it when the user wants the job stopped at once: there is no event for that. */
  stopping(): void {
    this.#view?.stopping();
  }

  /** Removes the view from the screen while a question is asked. */
  pause(): void {
    this.#view?.pause();
  }

  resume(): void {
    this.#view?.resume();
  }

  /** Lets other code write whole lines to the terminal; they end up above the view. */
  writeAbove(write: () => void): void {
    if (this.#view) this.#view.writeAbove(write);
    else write();
  }

  /** Ends the view, if one is open. */
  close(): void {
    this.#view?.[Symbol.dispose]();
    this.#view = undefined;
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
