import { dirname } from "node:path";
import type { JobSettings } from "../../core/job-settings.ts";
import { ownCommand } from "../../core/own-command.ts";
import { shellQuoted } from "../../core/text.ts";
import type { FinishedOutput } from "../../encode/finished-video.ts";
import { Poster } from "../../encode/poster.ts";
import type { FarmListener } from "../events.ts";
import type { OutputWriter, WriterOptions } from "./output-writer.ts";
import { searchRefused } from "./refusal-search.ts";

type OutputPaths = Pick<JobSettings, "output" | "poster">;

const tellEveryMs = 1_000;

/**
 * The end of a job: all frames are stored and accepted; waits for the output, tells how far it is, and makes the poster.
 *
 * @param drain The wish to finish what runs: this is all that runs, so it is only told that it is heard
 * @returns `null` when frames were refused, see `EncodeLane.finish`
 * @throws {FarmError} What the lane or the poster says; then neither is in its place
 */
export async function finishOutput(
  writer: OutputWriter,
  options: WriterOptions,
  poster: string | undefined,
  tell: FarmListener,
  drain?: AbortSignal,
): Promise<FinishedOutput | null> {
  const total = options.facts.frames.length;
  const timer = setInterval(() => {
    const { encoded } = writer;
    tell({ type: "job:progressed", stored: total, total, nodes: 0, running: 0, encoded, etaMs: null });
  }, tellEveryMs);
  const onDrain = () => tell({ type: "output:finishing" });
  if (drain?.aborted) onDrain();
  drain?.addEventListener("abort", onDrain, { once: true });
  try {
    // Made before the output is in its place and put there after it: either can still fail, and then neither is there.
    await using picture = poster === undefined ? undefined : await makePoster(poster, writer, options);
    if (picture === null) return null;
    // Without its frame there is no poster, and the lane finds the same.
    const finished = await writer.finish();
    if (finished !== null) await picture?.publish();
    return finished;
  } finally {
    clearInterval(timer);
    drain?.removeEventListener("abort", onDrain);
  }
}

/**
 * What can be done when the frames are there and the video cannot be made. `encode` writes only beside the job folder unless
 * it is told where to, so what is elsewhere is named.
 *
 * @param isApart Whether the output is not beside the job folder
 */
export function encodeAgain(folder: string, isApart: boolean, { output, poster }: OutputPaths): string {
  const isPosterNamed = poster !== undefined && (isApart || dirname(poster) !== dirname(output));
  const flags = `${isApart ? ` --output ${shellQuoted(output)}` : ""}${isPosterNamed ? ` --poster ${shellQuoted(poster)}` : ""}`;
  return `when that is mended, finish the video with: ${ownCommand()} encode ${shellQuoted(folder)}${flags}`;
}

/** @returns `null` when FFmpeg refuses its frame; `undefined` when that was refused before, and is not stored any more */
async function makePoster(
  path: string,
  writer: OutputWriter,
  options: WriterOptions,
): Promise<Poster | null | undefined> {
  return await writer.apart(() => tryPoster(path, writer, options));
}

async function tryPoster(
  path: string,
  writer: OutputWriter,
  options: WriterOptions,
): Promise<Poster | null | undefined> {
  const { facts, pathOf, tools, job, overwrite, again, signal, onRefused } = options;
  const frames = facts.frames.slice(0, 1);
  const [source] = frames.map(pathOf);
  if (source === undefined) return undefined;
  try {
    return await Poster.make(source, { path, tools, jobId: job, overwrite, again, signal });
  } catch (error) {
    const refused = await searchRefused(error, frames, options, undefined);
    if (refused.length === 0) throw error;
    await writer.drop(refused.map(({ frame }) => frame));
    await onRefused(refused);
    return null;
  }
}
