import type { Frame } from "../../core/node.ts";
import type { JobFolder, Run } from "../../frames/job-folder.ts";
import type { SchedulerState } from "../../scheduler/state/state.ts";
import { readAttempts } from "../report/attempts.ts";
import { latestRecords } from "../report/stored-frames.ts";

/** Attempts started in earlier runs of the job, by frame. A frame without any may be missing. */
export type AttemptCounts = ReadonlyMap<Frame, number>;

/**
 * How many attempts at each frame were started in earlier runs, as far as they are recorded. `attempts.ndjson` has
 * those that ended; the record of a frame that was stored and later lost has those up to then. Must be read before this
 * run starts any. What cannot be read counts as none: the number is only for information.
 */
export async function earlierAttempts(folder: JobFolder, { run }: Run): Promise<AttemptCounts> {
  if (run === 1) return new Map();
  try {
    const counts = new Map<Frame, number>();
    for (const { frame, at } of await readAttempts(folder.attemptsPath)) {
      if (at.started !== null) counts.set(frame, (counts.get(frame) ?? 0) + 1);
    }
    for (const [frame, { attempts }] of await latestRecords(folder.framesLogPath)) {
      counts.set(frame, Math.max(attempts, counts.get(frame) ?? 0));
    }
    return counts;
  } catch {
    return new Map();
  }
}

/**
 * How many attempts at a rendered frame have been started. One that only waited in a slot and was moved elsewhere does
 * not count. One of an earlier run that a node continued was counted when it started.
 */
export function attemptsAt(frame: Frame, { frames, firstAttempt }: SchedulerState, earlier: AttemptCounts): number {
  const history = frames.get(frame)?.history ?? [];
  const started = history.filter(({ attempt, hasStarted }) => hasStarted && attempt >= firstAttempt).length;
  return Math.max(1, started + (earlier.get(frame) ?? 0));
}
