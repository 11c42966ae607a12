import type { Frame } from "../../../core/node.ts";
import type { FarmEvent, FarmListener } from "../../events.ts";
import { type Estimate, estimateOf, trialFramesOf } from "./estimate.ts";
import type { FarmSize } from "./farm-size.ts";

/** @param signal Aborting withdraws the question */
export type ConfirmEstimate = (estimate: Estimate, signal: AbortSignal) => Promise<boolean>;

export interface TrialOptions {
  /** The job's, sorted. */
  readonly frames: readonly Frame[];
  /** How long a stored frame took; `undefined` for others. */
  readonly secondsOf: (frame: Frame) => number | undefined;
  readonly farm: FarmSize;
  readonly tell: FarmListener;
  /** Asks whether to render the other frames; `undefined` if they are not to be rendered. */
  readonly confirm: ConfirmEstimate | undefined;
  /** Aborted when the job ends. */
  readonly signal: AbortSignal;
  /** The other frames are to be rendered, or not. Called once. */
  readonly onEnd: (continues: boolean) => void;
  readonly onBroken: (error: unknown) => void;
}

type TrialResult =
  | { readonly type: "declined"; readonly estimate: Estimate }
  | { readonly type: "failed"; readonly frames: readonly Frame[] };

/** Renders a few frames of a job first, and estimates from their times how long the others will take. */
export class Trial {
  /** The frames that are rendered first. They count like all others of the job. */
  readonly frames: readonly Frame[];
  readonly #options: TrialOptions;
  readonly #missing: Set<Frame>;
  #result: TrialResult | null = null;
  #isOver = false;

  private constructor(options: TrialOptions, frames: readonly Frame[]) {
    this.#options = options;
    this.frames = frames;
    this.#missing = new Set(frames.filter((frame) => options.secondsOf(frame) === undefined));
  }

  /** @returns `null` if no frame would be left to estimate */
  static of(options: TrialOptions): Trial | null {
    const { frames, secondsOf } = options;
    const chosen = trialFramesOf(frames);
    const hasOthers = frames.some((frame) => secondsOf(frame) === undefined && !chosen.includes(frame));
    return hasOthers ? new Trial(options, chosen) : null;
  }

  /** What it ended with, unless the other frames are rendered: the user declined, or one of its frames failed. */
  get result(): TrialResult | null {
    return this.#result;
  }

  /** Call it once the job can take the answer: an earlier run may have stored all of its frames. */
  begin(): void {
    if (this.#missing.size === 0) this.#end();
  }

  hear(event: FarmEvent): void {
    if (this.#isOver) return;
    if (event.type === "frame:failed" && this.#missing.has(event.frame)) {
      this.#isOver = true;
      this.#result = { type: "failed", frames: [event.frame] };
      this.#options.onEnd(false);
    } else if (event.type === "frame:stored" && this.#missing.delete(event.frame) && this.#missing.size === 0) {
      this.#end();
    }
  }

  #end(): void {
    this.#isOver = true;
    const { frames, secondsOf, farm, tell, confirm, signal, onEnd, onBroken } = this.#options;
    const estimate = estimateOf({
      ...{ frames: frames.length, stored: frames.filter((frame) => secondsOf(frame) !== undefined).length },
      ...{ nodes: farm.nodes, slots: farm.slots, seconds: this.frames.flatMap((frame) => secondsOf(frame) ?? []) },
    });
    tell({ type: "estimate:made", ...estimate });
    const answer = (continues: boolean) => {
      if (!continues) this.#result = { type: "declined", estimate };
      onEnd(continues);
    };
    if (confirm === undefined) answer(false);
    else {
      confirm(estimate, signal).then(answer, (error: unknown) => {
        if (!signal.aborted) onBroken(error);
      });
    }
  }
}
