import type { Clock } from "../../core/clock.ts";
import { FarmError } from "../../core/errors.ts";
import { counted } from "../../core/text.ts";
import { formatDuration } from "../../core/units.ts";

/** `--wait` has passed without a node. @param missing Frames not stored yet; `undefined` while the number is unknown */
function noNodeFor(waitMs: number, missing: number | undefined): FarmError {
  const rest =
    missing === undefined ? "" : `, and ${counted(missing, "frame")} ${missing === 1 ? "is" : "are"} missing`;
  return new FarmError(
    "FARM_NO_NODE",
    `Cannot continue: there was no node for ${formatDuration(waitMs)}${rest}`,
    "Start a node and run the same command again: it continues from here",
  );
}

export interface NoNodeTimeoutOptions {
  /** `undefined` waits for ever. */
  readonly waitMs: number | undefined;
  readonly fleet: {
    /** Whether any node has the job, even if it is still receiving or opening the blendfile. */
    readonly isClaimed: boolean;
    /** See `loadErrorOf`. */
    readonly loadError: FarmError | undefined;
  };
  readonly clock: Clock;
}

/** How long to wait for nodes that were never reached when no other node could open the blendfile. */
const loadErrorAtMostMs = 60_000;

/** Measures for `--wait` how long no node has had the job. It starts again whenever a node has joined. */
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
   * Must be called about once a second.
   *
   * @param missing See `noNodeFor`
   * @throws {FarmError} `FARM_NO_NODE`; the load error, if every node that was reached failed to open the blendfile
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
    if (waitMs !== undefined && this.#aloneMs > waitMs) throw noNodeFor(waitMs, missing);
  }
}
