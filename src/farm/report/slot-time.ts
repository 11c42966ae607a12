import type { Frame } from "../../core/node.ts";

/** What the time of a slot goes into, in milliseconds. */
export interface SlotTimes {
  /** From the start of an attempt to its result, of attempts whose frame was stored from them. */
  render: number;
  /** The same of attempts that came to nothing: failed, lost with link or slot, outrun by another, refused. */
  wasted: number;
  /** The blendfile is on its way to the node. */
  upload: number;
  /** The blendfile is being opened: for the first time, until the slot's first frame, or after a slot was lost. */
  load: number;
  /** For work: for the order of the job, for an answer to what it renders, for the last frames of others. */
  wait: number;
  /** The node works for somebody else. */
  busy: number;
  /** The node is lost, left out or barred, or the slot was lost and did not come back. */
  away: number;
}

export function noSlotTimes(): SlotTimes {
  return { render: 0, wasted: 0, upload: 0, load: 0, wait: 0, busy: 0, away: 0 };
}

/**
 * What a slot does, as far as the log tells. What cannot be told before something else has happened has a state of its own:
 * an attempt may be of use or not; one who is `settling` or `restarting` loads, if it renders afterwards.
 */
export type SlotState = "upload" | "load" | "wait" | "busy" | "away" | "settling" | "restarting" | "attempt";

/** What the states come to that were undecided, once it is known: with a frame that begins, or without any. */
const withFrame = { settling: "load", restarting: "load", attempt: "wasted" } as const;
const withoutFrame = { settling: "wait", restarting: "away", attempt: "wasted" } as const;

/** The clock of one slot: adds up what its time goes into, and decides late where the log tells late. */
export class SlotClock {
  /** The frame of the attempt of which no end is known, `null` without one. */
  frame: Frame | null = null;
  readonly #times: SlotTimes;
  readonly #undecided = new Map<SlotState, number>();
  #state: SlotState;
  #sinceMs: number;

  /** @param times Where its time is added, with that of other slots of its node */
  constructor(times: SlotTimes, state: SlotState, atMs: number) {
    this.#times = times;
    this.#state = state;
    this.#sinceMs = atMs;
  }

  get state(): SlotState {
    return this.#state;
  }

  /** From now on it does something else. What is undecided stays so. */
  turn(state: SlotState, atMs: number): void {
    this.#undecided.set(this.#state, (this.#undecided.get(this.#state) ?? 0) + atMs - this.#sinceMs);
    this.#state = state;
    this.#sinceMs = atMs;
  }

  /** What was undecided of one state was something else. */
  regard(state: SlotState, as: SlotState): void {
    this.#undecided.set(as, (this.#undecided.get(as) ?? 0) + (this.#undecided.get(state) ?? 0));
    this.#undecided.delete(state);
  }

  /** A frame begins: the time before it is decided. */
  begin(frame: Frame, atMs: number): void {
    this.turn("attempt", atMs);
    this.#decide(withFrame);
    this.frame = frame;
  }

  /** The attempt ended and came to nothing. */
  fail(state: SlotState, atMs: number): void {
    this.turn(state, atMs);
    this.#decide(withFrame);
    this.frame = null;
  }

  /**
   * There is a result, and whether it is of use will be seen.
   *
   * @param renderMs What the node says that it took, for an attempt whose start was not heard
   * @returns The time that went into it
   */
  finish(renderMs: number, state: SlotState, atMs: number): number {
    this.turn(state, atMs);
    const spentMs = this.frame === null ? this.#take(renderMs) : this.#takeAll();
    this.frame = null;
    return spentMs;
  }

  /** No more is heard. @returns The time of an attempt that may still come to something */
  end(atMs: number): number {
    this.turn("wait", atMs);
    const openMs = this.#undecided.get("attempt") ?? 0;
    this.#undecided.delete("attempt");
    this.#decide(withoutFrame);
    return openMs;
  }

  /** Also the time without a link: the node rendered on. */
  #takeAll(): number {
    let sumMs = 0;
    for (const durationMs of this.#undecided.values()) sumMs += durationMs;
    this.#undecided.clear();
    return sumMs;
  }

  #take(mostMs: number): number {
    let leftMs = mostMs;
    for (const [state, durationMs] of this.#undecided) {
      const takenMs = Math.min(leftMs, durationMs);
      this.#undecided.set(state, durationMs - takenMs);
      leftMs -= takenMs;
    }
    return mostMs - leftMs;
  }

  #decide(as: typeof withFrame | typeof withoutFrame): void {
    for (const [state, durationMs] of this.#undecided) {
      const into = state === "settling" || state === "restarting" || state === "attempt" ? as[state] : state;
      this.#times[into] += durationMs;
    }
    this.#undecided.clear();
  }
}
