/** Prints the progress of a run, and collects complaints. */
export class Report {
  readonly complaints: string[] = [];
  phase = "the beginning";
  readonly #startedMs = performance.now();
  readonly #signal: AbortSignal;

  /** @param signal Once aborted, complaints are ignored: the forced end causes them */
  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  say(text: string): void {
    const seconds = ((performance.now() - this.#startedMs) / 1_000).toFixed(1).padStart(6);
    console.log(`${seconds}  ${text}`);
  }

  enter(phase: string): void {
    this.phase = phase;
    this.say(`${phase}:`);
  }

  complain(text: string): void {
    if (this.#signal.aborted) return;
    this.complaints.push(text);
    this.say(`WRONG: ${text}`);
  }
}
