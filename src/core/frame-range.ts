import { FarmError } from "./errors.ts";
import type { Frame } from "./node.ts";

/** Blender's limits for frame numbers. */
export const lowestFrame: Frame = -1_048_574;
export const highestFrame: Frame = 1_048_574;

/** More frames in one job are a typing error, and would need more memory than a coordinator has. */
export const maxFrames = 1_000_000;

/** The order in which frames are assigned. It does not affect the video. */
export type FrameOrder = "sequential" | "reverse" | "spread";

// Ranges may overlap, so more numbers than `maxFrames` may be listed. Without this limit a short text could ask for
// billions.
const maxListed = 2 * maxFrames;

const example = 'Write frames like "1-24,30,40-60x2": single frames and first-last ranges, "x2" takes every second one';

interface RangePart {
  readonly first: Frame;
  readonly last: Frame;
  readonly step: number;
}

/**
 * Reads a list of frames as users write it: `1-24,30,40-60x2,-10--1`. Spaces around the parts are ignored.
 *
 * @returns The frames in ascending order, without duplicates, at least one
 * @throws {FarmError} `FARM_BAD_INPUT`, naming the wrong part and how to write it
 */
export function parseFrames(text: string): Frame[] {
  if (text.trim() === "") throw badFrames(text, "no frame is named", example);
  const frames = new Set<Frame>();
  let listed = 0;
  for (const part of text.split(",")) {
    const range = parsePart(text, part.trim());
    listed += countOf(range);
    if (listed > maxListed) throw tooMany(text);
    for (let frame = range.first; frame <= range.last; frame += range.step) frames.add(frame);
    if (frames.size > maxFrames) throw tooMany(text);
  }
  return [...frames].sort((one, other) => one - other);
}

function parsePart(text: string, part: string): RangePart {
  if (part === "") throw badFrames(text, "a part between commas is empty", "Remove the extra comma");
  const match = /^(-?\d+)(?:\s*-\s*(-?\d+))?(?:\s*x\s*(\d+))?$/.exec(part);
  if (!match) throw badFrames(text, `"${part}" is neither a frame nor a range`, example);
  const [, firstText, lastText, stepText] = match;
  const first = frameOf(text, Number(firstText));
  if (lastText === undefined) {
    if (stepText === undefined) return { first, last: first, step: 1 };
    throw badFrames(text, `"${part}" has a step, but no range to step through`, `Write "${first}" or a range`);
  }
  const last = frameOf(text, Number(lastText));
  const step = stepText === undefined ? 1 : Number(stepText);
  if (step === 0) throw badFrames(text, `"${part}" has a step of 0`, `Write "${first}-${last}", or a step from 1`);
  if (first > last) {
    const forward = `${last}-${first}${stepText === undefined ? "" : `x${stepText}`}`;
    throw badFrames(text, `"${part}" runs backwards`, `Write "${forward}"; --order reverse starts with the last frame`);
  }
  return { first, last, step };
}

function frameOf(text: string, frame: number): Frame {
  if (frame >= lowestFrame && frame <= highestFrame) return frame + 0; // "-0" is frame 0
  throw badFrames(
    text,
    `frame ${frame} is outside Blender's range`,
    `Use frames from ${lowestFrame} to ${highestFrame}`,
  );
}

/**
 * The frames from `start` to `end` inclusive, as Blender counts a scene's range. A step may skip `end`.
 *
 * @throws {FarmError} `FARM_BAD_INPUT` if the range is empty or too long, or if its step is not a positive integer
 */
export function framesOfRange(start: Frame, end: Frame, step: number): Frame[] {
  const text = `${start}-${end}${step === 1 ? "" : `x${step}`}`;
  if (!Number.isInteger(start) || !Number.isInteger(end))
    throw badFrames(text, "a frame number is an integer", example);
  if (!Number.isInteger(step) || step < 1) throw badFrames(text, `the step is ${step}`, "Use a step from 1");
  const range = { first: frameOf(text, start), last: frameOf(text, end), step };
  if (start > end)
    throw badFrames(text, "the range ends before it starts", "Correct the scene's range, or use --frames");
  if (countOf(range) > maxFrames) throw tooMany(text);
  return Array.from({ length: countOf(range) }, (_, index) => start + index * step);
}

/**
 * Writes frames compactly, in the form that `parseFrames` reads: `1-24,30,40-60x2`.
 *
 * @returns An empty text for no frames
 */
export function formatFrames(frames: Iterable<Frame>): string {
  const sorted = [...new Set(frames)].sort((one, other) => one - other);
  const parts: string[] = [];
  for (let index = 0; index < sorted.length; ) {
    const run = runAt(sorted, index);
    parts.push(run.text);
    index += run.length;
  }
  return parts.join(",");
}

function runAt(sorted: readonly Frame[], index: number): { readonly text: string; readonly length: number } {
  const first = sorted[index] ?? 0;
  const step = (sorted[index + 1] ?? first) - first;
  let length = 1;
  while (step > 0 && sorted[index + length] === first + length * step) length++;
  const last = first + (length - 1) * step;
  if (step === 1 && length >= 3) return { text: `${first}-${last}`, length };
  // Three frames with gaps are easier to read as a list than as a range with a step.
  if (step > 1 && length >= 4) return { text: `${first}-${last}x${step}`, length };
  return { text: String(first), length: 1 };
}

/**
 * Puts frames, which are given in ascending order, into the order in which they are assigned.
 *
 * `spread` starts with the first, the last and the middle frame, and then takes ever finer halves. So the frames that
 * are done at any time cover the range evenly, which gives an early preview of the animation.
 */
export function orderFrames(frames: readonly Frame[], order: FrameOrder): Frame[] {
  if (order === "sequential") return [...frames];
  return order === "reverse" ? [...frames].reverse() : spread(frames);
}

function spread(frames: readonly Frame[]): Frame[] {
  if (frames.length <= 2) return [...frames];
  const ordered = [frames[0], frames[frames.length - 1]] as Frame[];
  let gaps: (readonly [low: number, high: number])[] = [[0, frames.length - 1]];
  while (gaps.length > 0) {
    const middles = gaps
      .filter(([low, high]) => high - low > 1)
      .map(([low, high]) => [low, (low + high) >> 1, high] as const);
    // From left to right, half of a level would only fill the left half of the range. So each level is spread too.
    for (const position of spread(middles.map(([, middle]) => middle))) ordered.push(frames[position] as Frame);
    gaps = middles.flatMap(([low, middle, high]) => [[low, middle] as const, [middle, high] as const]);
  }
  return ordered;
}

function countOf(range: RangePart): number {
  return Math.floor((range.last - range.first) / range.step) + 1;
}

function tooMany(text: string): FarmError {
  return badFrames(text, `these are more than ${maxFrames} frames`, "Render the animation in parts");
}

function badFrames(text: string, reason: string, hint: string): FarmError {
  const shown = text.length > 80 ? `${text.slice(0, 79)}…` : text;
  return new FarmError("FARM_BAD_INPUT", `Cannot read the frames "${shown}": ${reason}`, hint);
}
