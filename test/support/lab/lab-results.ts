import { readFile } from "node:fs/promises";
import { expect } from "vitest";
import { pixelsOf, type Reference } from "../blender.ts";
import type { LabCoordinator, LabEvent } from "./lab-coordinator.ts";
import { videoFacts } from "./lab-video.ts";

/** One line of a job folder's frames.ndjson. */
export interface StoredFrame {
  readonly frame: number;
  readonly [field: string]: unknown;
}

/** Waits for the end of a job and expects success. */
export async function completion(run: LabCoordinator): Promise<LabEvent> {
  const { code, last, stderr } = await run.end();
  expect({ code, last: last?.type }, `${run.story()}\n${stderr}`).toEqual({ code: 0, last: "job:completed" });
  return last as LabEvent;
}

/** Frames that each node contributed, by the node's name, from `job:completed`. */
export function framesByNode(completed: LabEvent): Record<string, number> {
  const tallies = completed.nodes as { name: string; frames: number }[];
  return Object.fromEntries(tallies.map(({ name, frames }) => [name, frames]));
}

/** Expects kept frames that equal the reference in every pixel, and a video with each of them once, at its rate. */
export async function expectSameFilm(output: string, reference: Reference): Promise<void> {
  expect(await pixelsOf(`${output}.renderfarm/frames`, reference.frames)).toEqual(reference.pixels);
  const frames = reference.frames.length;
  expect(await videoFacts(output)).toEqual({ frames, rate: "24000/1001", codec: "h264", width: 96, height: 54 });
}

/** The lines of the job folder's record of stored frames. */
export async function storedFrames(output: string): Promise<StoredFrame[]> {
  const text = await readFile(`${output}.renderfarm/frames.ndjson`, "utf8");
  const lines = text.trim().split("\n");
  return lines.filter((line) => line !== "").map((line) => JSON.parse(line) as StoredFrame);
}
