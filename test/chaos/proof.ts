import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { streamMd5 } from "../support/ffmpeg.ts";
import { storedFrames } from "../support/lab/lab-results.ts";
import { picturesMd5, pixelsIn } from "./film.ts";
import type { Job } from "./job.ts";

interface Proof {
  readonly expected: number;
  /** For how many frames each of these is true. */
  readonly counts: {
    /** The file exists and matches its record. */
    readonly stored: number;
    /** The pixels are those that Blender alone renders. */
    readonly identical: number;
    /** It has one record, and at most one more for each time that its file was damaged. */
    readonly "recorded once": number;
    /** It can be decoded from the video. */
    readonly "in the video": number;
  };
  /** Whether the decoded pictures and the encoded stream are those of the undisturbed video. */
  readonly isSameVideo: boolean;
  /** Everything that is wrong. */
  readonly wrong: readonly string[];
}

/** Compares a finished job with the undisturbed render of the same scene. */
export async function prove({ output, film, damaged }: Pick<Job, "output" | "film" | "damaged">): Promise<Proof> {
  const folder = `${output}.renderfarm/frames`;
  const records = await storedFrames(output);
  const [pixels, shown, meant] = await Promise.all([
    pixelsIn(folder),
    picturesMd5(["-i", output]),
    picturesMd5(["-i", film.video]),
  ]);
  const frames = [...film.pixels.keys()];
  const countOf = (holds: (frame: number) => boolean) => frames.filter(holds).length;
  const recordsOf = (wanted: number) => records.filter(({ frame }) => frame === wanted);
  const files = new Map<number, string>();
  for (const frame of frames) files.set(frame, await sha256Of(`${folder}/${String(frame).padStart(7, "0")}.png`));
  const expected = frames.length;
  const counts = {
    stored: countOf((frame) => files.get(frame) === recordsOf(frame).at(-1)?.sha256),
    identical: countOf((frame) => pixels.get(frame) === film.pixels.get(frame)),
    "recorded once": countOf((frame) => {
      const [times, count] = [damaged.get(frame) ?? 0, recordsOf(frame).length];
      return count >= 1 + Math.min(1, times) && count <= 1 + times;
    }),
    "in the video": shown.length,
  };
  const isSameVideo = shown.join() === meant.join() && (await streamMd5(output)) === (await streamMd5(film.video));
  const wrong = Object.entries(counts)
    .filter(([, count]) => count !== expected)
    .map(([what, count]) => `${count} of ${expected} frames ${what}`);
  if (!isSameVideo) wrong.push("the video is not the undisturbed one");
  const others = [...pixels.keys(), ...records.map(({ frame }) => frame)].filter((frame) => !film.pixels.has(frame));
  if (others.length > 0) wrong.push(`frames that were not asked for: ${[...new Set(others)].join(" ")}`);
  return { expected, counts, isSameVideo, wrong };
}

async function sha256Of(file: string): Promise<string> {
  const bytes = await readFile(file).catch(() => undefined);
  return bytes === undefined ? "" : createHash("sha256").update(bytes).digest("hex");
}
