import type { Frame } from "../../core/node.ts";
import { framesWereDropped, mayBeFrame } from "../../encode/encode-errors.ts";
import type { VideoFormat } from "../../encode/output-format.ts";
import { findRefused, type TrialOptions } from "../../encode/refused-frames.ts";
import type { RefusedFrame, WriterOptions } from "./output-writer.ts";

/**
 * Finds the frames that made FFmpeg fail, also among the other frames of the same nodes: a faulty node makes many bad
 * frames, and finding them one by one would cost an encoding each.
 *
 * @param given Frames that FFmpeg was given, in order
 * @param format The video to be made; `undefined` for a GIF or a picture
 * @returns Sorted; empty if the frames were not the reason
 * @throws The signal's reason
 */
export async function searchRefused(
  error: unknown,
  given: readonly Frame[],
  options: WriterOptions,
  format: VideoFormat | undefined,
): Promise<readonly RefusedFrame[]> {
  const { facts, tools, pathOf, nodeOf, signal } = options;
  if (tools === undefined || !mayBeFrame(error)) return [];
  const trial: TrialOptions = { ...facts.frameFormat, rate: facts.rate, tools, format, signal };
  const search = async (frames: readonly Frame[], isWhole: boolean): Promise<RefusedFrame[]> => {
    const paths = new Map(frames.map((frame) => [pathOf(frame) ?? "", frame]));
    paths.delete(""); // frames that are not stored any more
    const found = await findRefused([...paths.keys()], trial, isWhole);
    return found.map(({ path, message }) => ({ frame: paths.get(path) as Frame, message }));
  };
  const found = await search(given, framesWereDropped(error));
  if (found.length === 0) return [];
  const known = new Set(found.map(({ frame }) => frame));
  const nodes = new Set(found.map(({ frame }) => nodeOf(frame)));
  const others = facts.frames.filter((frame) => !known.has(frame) && nodes.has(nodeOf(frame)));
  return [...found, ...(await search(others, true))].sort((one, other) => one.frame - other.frame);
}
