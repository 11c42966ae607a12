import type { CompletedJob, FarmEvent } from "../../index.ts";
import { LiveView, type LiveViewOptions } from "./live-view.ts";

/**
 * Tells about a job by a live view, which opens with the first event. After `close` the terminal is free for questions,
 * and the next event opens a new view.
 */
export class LiveReporter implements Disposable {
  readonly #options: LiveViewOptions;
  #view: LiveView | undefined;

  constructor(options: LiveViewOptions) {
    this.#options = options;
  }

  tell(event: FarmEvent): void {
    this.#opened().tell(event);
  }

  finish(result: CompletedJob): void {
    this.#opened().finish(result);
    this.#view = undefined;
  }

  interrupted(missing: number | null): void {
    this.#opened().interrupted(missing);
    this.#view = undefined;
  }

  /** When the user wants the job stopped at once. */
  stopping(): void {
    this.#view?.stopping();
  }

  /** Takes the view off the screen while something is asked there. */
  pause(): void {
    this.#view?.pause();
  }

  resume(): void {
    this.#view?.resume();
  }

  /** Lets something else write whole lines to the terminal; they end up above the view. */
  writeAbove(write: () => void): void {
    if (this.#view) this.#view.writeAbove(write);
    else write();
  }

  /** Ends the view, if one is open. @param toldBelow The message of the error that somebody tells after this */
  close(toldBelow = ""): void {
    this.#view?.failed(toldBelow);
    this.#view = undefined;
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #opened(): LiveView {
    this.#view ??= new LiveView(this.#options);
    return this.#view;
  }
}
