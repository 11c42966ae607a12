import type { Frame } from "../../../core/node.ts";

/** How long a job will take, from the times of a few of its frames. */
export interface Estimate {
  /** Frames of the job. */
  readonly frames: number;
  /** How many of them are stored, those of the estimate included. */
  readonly stored: number;
  readonly nodes: number;
  readonly slots: number;
  /** Render times of the frames that were rendered for it, in seconds, the shortest first. */
  readonly seconds: readonly number[];
  /** How long the other frames take, if they take as long as the average of these. */
  readonly etaMs: number;
  /** How long they take if each takes as long as the shortest of these. */
  readonly leastMs: number;
  /** How long they take if each takes as long as the longest of these. */
  readonly mostMs: number;
}

/** One in each third of the frames: the first frame of a film is often black. */
const positions = [1 / 6, 3 / 6, 5 / 6];

/** The frames from which the time of all is estimated. @param frames Sorted, each once */
export function trialFramesOf(frames: readonly Frame[]): readonly Frame[] {
  const chosen = positions.map((position) => frames[Math.floor(frames.length * position)]);
  return [...new Set(chosen.filter((frame) => frame !== undefined))];
}

/** The estimate for slots that render at the same time, one frame after another. */
export function estimateOf(job: Pick<Estimate, "frames" | "stored" | "nodes" | "slots" | "seconds">): Estimate {
  const seconds = [...job.seconds].sort((one, other) => one - other);
  const rounds = Math.ceil((job.frames - job.stored) / Math.max(1, job.slots));
  const mean = seconds.reduce((sum, each) => sum + each, 0) / Math.max(1, seconds.length);
  const [etaMs, leastMs, mostMs] = [mean, seconds[0] ?? 0, seconds.at(-1) ?? 0].map((each) =>
    Math.round(rounds * each * 1000),
  ) as [number, number, number];
  return { ...job, seconds, etaMs, leastMs, mostMs };
}
