import { formatFrames } from "../../core/frame-range.ts";
import type { Frame } from "../../core/node.ts";
import type { AttemptError } from "../../scheduler/events.ts";
import { blankCode } from "../../scheduler/refused-frames.ts";
import type { DoubtedFrames } from "./doubted-frames.ts";
import type { JobTotals } from "./job-totals.ts";

export interface BlankFramesOptions {
  /** All frames of the job. */
  readonly frames: readonly Frame[];
  readonly doubted: DoubtedFrames;
  readonly totals: JobTotals;
  /** Takes each frame that may be used. */
  readonly accept: (frame: Frame) => void;
}

/**
 * Frames that are one flat colour, or empty, while their neighbours are not: what a broken driver or a scene that was
 * not loaded leaves, and what a fade leaves too. Of each run of such frames one is rendered again, elsewhere or by a new
 * process, before any of them is used. If it is the same, they are used. If not, all of them are rendered again.
 */
export class BlankFrames {
  readonly #options: BlankFramesOptions;
  readonly #sorted: readonly Frame[];
  readonly #positions: ReadonlyMap<Frame, number>;
  /** The colours of blank frames that were taken out. */
  readonly #before = new Map<Frame, string>();
  /** Runs of which one frame, the key, is being rendered again. */
  readonly #trials = new Map<Frame, readonly Frame[]>();
  /** All frames of those runs. */
  readonly #inTrial = new Set<Frame>();
  /** Blank frames that are kept back. */
  readonly #held = new Set<Frame>();

  constructor(options: BlankFramesOptions) {
    this.#options = options;
    this.#sorted = [...options.frames].sort((one, other) => one - other);
    this.#positions = new Map(this.#sorted.map((frame, position) => [frame, position]));
  }

  /** A frame is stored: it is accepted unless it is in doubt. */
  stored(frame: Frame): void {
    const color = this.#colorOf(frame);
    this.#held.delete(frame); // it may have been taken out for another reason
    if (color === null) this.#options.accept(frame);
    else this.#held.add(frame);
    const trial = this.#trials.get(frame);
    if (trial !== undefined) this.#endTrial(frame, trial);
    else if (color !== null && this.#before.get(frame) === color) this.#prove([frame]);
    const position = this.#positions.get(frame) ?? 0;
    for (const near of [position - 1, position, position + 1]) this.#judge(near);
  }

  /** Looks at the run of blank frames around this position, once both of its neighbours are stored. */
  #judge(position: number): void {
    if (!this.#isHeld(position)) return;
    let [first, last] = [position, position];
    while (this.#isHeld(first - 1)) first -= 1;
    while (this.#isHeld(last + 1)) last += 1;
    const neighbours = [first - 1, last + 1].map((at) => this.#sorted[at]).filter((frame) => frame !== undefined);
    const isOpen = (frame: Frame) => this.#inTrial.has(frame) || this.#options.doubted.recordOf(frame) === undefined;
    if (neighbours.some(isOpen)) return;
    const run = this.#sorted.slice(first, last + 1);
    // With nothing but blank frames around, or with a proved run beside it, this is how the scene is.
    if (!neighbours.some((frame) => this.#colorOf(frame) === null)) this.#prove(run);
    else this.#try(run);
  }

  #try(run: readonly Frame[]): void {
    const [frame] = run;
    if (frame === undefined) return;
    this.#trials.set(frame, run);
    for (const each of run) this.#inTrial.add(each);
    this.#takeOut([frame]);
  }

  #endTrial(frame: Frame, run: readonly Frame[]): void {
    this.#trials.delete(frame);
    for (const each of run) this.#inTrial.delete(each);
    const color = this.#colorOf(frame);
    if (color !== null && color === this.#before.get(frame)) {
      const message = `${run.length === 1 ? "Frame" : "Frames"} ${formatFrames(run)} ${run.length === 1 ? "is" : "are"} one flat colour (${color}); frame ${frame} was rendered twice, and is`;
      this.#options.totals.warn("BLANK_FRAMES", message, null);
      this.#prove(run);
    } else this.#takeOut(run.filter((each) => each !== frame));
  }

  #prove(run: readonly Frame[]): void {
    for (const frame of run) {
      const isStored = this.#options.doubted.recordOf(frame) !== undefined;
      if (isStored && this.#held.delete(frame)) this.#options.accept(frame);
    }
  }

  #takeOut(frames: readonly Frame[]): void {
    if (frames.length === 0) return;
    for (const frame of frames) {
      this.#held.delete(frame);
      this.#before.set(frame, this.#colorOf(frame) ?? "");
    }
    const why = "it is one flat colour, and its neighbours are not";
    const error: AttemptError = { code: blankCode, message: why, hint: "It is rendered again", fault: "nobody" };
    this.#options.doubted.later(async () => void (await this.#options.doubted.takeOut(frames, why, error)));
  }

  #isHeld(position: number): boolean {
    const frame = this.#sorted[position];
    return frame !== undefined && this.#held.has(frame) && !this.#inTrial.has(frame);
  }

  /** The colour of a stored frame; `null` if it is not flat, or not stored. */
  #colorOf(frame: Frame): string | null {
    return this.#options.doubted.recordOf(frame)?.flat ?? null;
  }
}
