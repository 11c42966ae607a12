import { ownCommand } from "../core/own-command.ts";
import type { FinishedOutput } from "../encode/finished-video.ts";
import { Poster } from "../encode/poster.ts";
import type { FarmListener } from "./events.ts";
import type { EncodeLane, LaneOptions } from "./output-lane.ts";

const tellEveryMs = 1_000;

/**
 * The end of a job: all frames are stored and accepted; waits for the output, tells how far it is, and makes the poster.
 *
 * @param drain The wish to finish what runs: this is all that runs, so it is only told that it is heard
 * @throws {FarmError} What the lane or the poster says; then neither is in its place
 */
export async function finishOutput(
  lane: EncodeLane,
  options: LaneOptions,
  poster: string | undefined,
  tell: FarmListener,
  drain?: AbortSignal,
): Promise<FinishedOutput> {
  const total = options.facts.frames.length;
  const timer = setInterval(() => {
    const { encoded } = lane;
    tell({ type: "job:progressed", stored: total, total, nodes: 0, running: 0, encoded, etaMs: null });
  }, tellEveryMs);
  const onDrain = () => tell({ type: "output:finishing" });
  if (drain?.aborted) onDrain();
  drain?.addEventListener("abort", onDrain, { once: true });
  try {
    // Made before the output is in its place and put there after it: either can still fail, and then neither is there.
    await using picture = poster === undefined ? undefined : await makePoster(poster, options);
    const finished = await lane.finish();
    await picture?.publish();
    return finished;
  } finally {
    clearInterval(timer);
    drain?.removeEventListener("abort", onDrain);
  }
}

/** What can be done when the frames are there and the video cannot be made. */
export function encodeAgain(folder: string): string {
  return `when that is mended, finish the video with: ${ownCommand()} encode "${folder}"`;
}

async function makePoster(path: string, options: LaneOptions): Promise<Poster> {
  const { facts, pathOf, tools, job, overwrite, again, signal } = options;
  const source = pathOf(facts.frames[0] ?? 0);
  if (source === undefined) throw new Error("The first frame is not stored");
  return await Poster.make(source, { path, tools, jobId: job, overwrite, again, signal });
}
