import { FarmError } from "../core/errors.ts";

/** Frames per second as a reduced fraction: the exact value of "23.976" is 24000/1001. */
export interface FrameRate {
  readonly numerator: number;
  readonly denominator: number;
}

/** Blender stores `fps_base` as a 32-bit float: 1.001 arrives as 1.0010000467300415, which is off by 5e-8. */
const snapTolerance = 1e-6;
/** Nobody means a rate of higher precision, and FFmpeg's time bases are 32-bit numbers. */
const maxDenominator = 10_000;

/**
 * The rate of a scene, from Blender's `fps` and `fps_base`.
 *
 * It is snapped to n/1 or 1000n/1001 if it is within 1e-6 of one; otherwise it is the nearest fraction with a small
 * denominator.
 */
export function frameRateOf(fps: number, fpsBase: number): FrameRate {
  const value = fps / fpsBase;
  if (!Number.isFinite(value) || value <= 0) throw badRate(`${fps} / ${fpsBase}`);
  const whole = Math.round(value);
  if (whole > 0 && isNear(value, whole)) return { numerator: whole, denominator: 1 };
  const drop = Math.round(value * 1.001);
  if (drop > 0 && isNear(value, (drop * 1000) / 1001)) return reduced(drop * 1000, 1001);
  return nearestFraction(value);
}

/**
 * The rate that a user typed: `24`, `12.5`, `30000/1001`, or a broadcast rate in any usual rounding (`23.976`, `23.98`,
 * `29.97`), which stands for the exact n·1000/1001.
 *
 * @throws {FarmError} `FARM_BAD_INPUT` if it is not a positive number
 */
export function parseFrameRate(text: string): FrameRate {
  const match = /^\s*(\d{1,7}(?:\.(\d{1,9}))?)\s*(?:\/\s*(\d{1,7}(?:\.\d{1,9})?))?\s*$/.exec(text);
  if (match === null) throw badRate(text);
  const [, first = "", decimals = "", base] = match;
  const value = Number(first) / Number(base ?? 1);
  if (!Number.isFinite(value) || value <= 0) throw badRate(text);
  if (base === undefined && decimals.length >= 2 && !Number.isInteger(value)) {
    const drop = Math.round(value * 1.001);
    const roundingError = 0.5 * 10 ** -decimals.length * 1.001;
    if (Math.abs((drop * 1000) / 1001 - value) <= roundingError) return reduced(drop * 1000, 1001);
  }
  return frameRateOf(value, 1);
}

/** The rate at which each frame is shown for as long as `frames` of them. */
export function slowed({ numerator, denominator }: FrameRate, frames: number): FrameRate {
  return reduced(numerator, denominator * frames);
}

/** The rate in FFmpeg's form: `24/1`, `30000/1001`. */
export function formatFrameRate(rate: FrameRate): string {
  return `${rate.numerator}/${rate.denominator}`;
}

export function framesPerSecond(rate: FrameRate): number {
  return rate.numerator / rate.denominator;
}

function isNear(value: number, wanted: number): boolean {
  return Math.abs(value - wanted) <= wanted * snapTolerance;
}

function reduced(numerator: number, denominator: number): FrameRate {
  let [a, b] = [numerator, denominator];
  while (b !== 0) [a, b] = [b, a % b];
  return { numerator: numerator / a, denominator: denominator / a };
}

/** Uses continued fractions: each step gives the best fraction for its denominator. */
function nearestFraction(value: number): FrameRate {
  let [previous, current] = [
    { numerator: 0, denominator: 1 },
    { numerator: 1, denominator: 0 },
  ];
  let rest = value;
  for (;;) {
    const whole = Math.floor(rest);
    const next = {
      numerator: whole * current.numerator + previous.numerator,
      denominator: whole * current.denominator + previous.denominator,
    };
    if (next.denominator > maxDenominator) break;
    [previous, current] = [current, next];
    if (isNear(value, next.numerator / next.denominator) || rest === whole) break;
    rest = 1 / (rest - whole);
  }
  return current.numerator > 0 ? current : { numerator: 1, denominator: maxDenominator };
}

function badRate(text: string): FarmError {
  return new FarmError(
    "FARM_BAD_INPUT",
    `Cannot use this as a frame rate: ${text}`,
    "Give --fps a positive number or a fraction: 24, 29.97 or 30000/1001",
  );
}
