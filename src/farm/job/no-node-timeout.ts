import type { Clock } from "../../core/clock.ts";
import { FarmError } from "../../core/errors.ts";
import { counted } from "../../core/text.ts";
import { formatDuration } from "../../core/units.ts";

/** `--wait` has passed without any node. @param missing Frames that are not done yet; `undefined` while nobody knows */
function waitedInVain(waitMs: number, missing: number | undefined): FarmError {
  const rest =
    missing === undefined ? "" : `, and ${counted(missing, "frame")} ${missing === 1 ? "is" : "are"} missing`;
  return new FarmError(
    "FARM_NO_NODE",
    `Cannot go on: no node was there for ${formatDuration(waitMs)}${rest}`,
    "Start a node and run the same command again: it goes on from here",
  );
}

export interface NoNodeTimeoutOptions {
  /** `undefined` waits for ever. */
  readonly waitMs: number | undefined;
  readonly fleet: {
    /** Whether any node has the job, be it that it only receives or opens the blendfile yet. */
    readonly isClaimed: boolean;
    /** See `loadErrorOf`. */
    readonly loadError: FarmError | undefined;
  };
  readonly clock: Clock;
}

/** How long a node that was never reached is hoped for, when all others could not render the file. */
const loadErrorAtMostMs = 60_000;

/** Counts, for `--wait`, how long no node has had the job, anew each time that one has got as far as rendering. */
export class NoNodeTimeout {
  readonly #options: NoNodeTimeoutOptions;
  #lookedAtMs: number;
  #aloneMs = 0;
  #loadErrorMs = 0;

  constructor(options: NoNodeTimeoutOptions) {
    this.#options = options;
    this.#lookedAtMs = options.clock.monotonicMs();
  }

  joined(): void {
    this.#aloneMs = 0;
  }

  /**
   * To be called every second or so.
   *
   * @param missing See `waitedInVain`
   * @throws {FarmError} `FARM_NO_NODE`; why no node can render the file, when there is none else to hope for
   */
  look(missing: number | undefined): void {
    const { waitMs, fleet, clock } = this.#options;
    const atMs = clock.monotonicMs();
    const passedMs = atMs - this.#lookedAtMs;
    this.#lookedAtMs = atMs;
    if (!fleet.isClaimed) this.#aloneMs += passedMs;
    const reason = fleet.loadError;
    this.#loadErrorMs = reason ? this.#loadErrorMs + passedMs : 0;
    if (reason && this.#loadErrorMs > loadErrorAtMostMs) throw reason;
    if (waitMs !== undefined && this.#aloneMs > waitMs) throw waitedInVain(waitMs, missing);
  }
}
