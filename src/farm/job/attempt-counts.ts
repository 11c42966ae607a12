import type { Frame } from "../../core/node.ts";
import type { JobFolder, Run } from "../../frames/job-folder.ts";
import type { SchedulerState } from "../../scheduler/state/state.ts";
import { readAttempts } from "../report/attempts.ts";
import { latestRecords } from "../report/stored-frames.ts";

/** Attempts that began in earlier runs of the job, by frame; a frame without any may be left out. */
export type AttemptCounts = ReadonlyMap<Frame, number>;

/**
 * How many attempts at each frame began in earlier runs, as far as it is written down: `attempts.ndjson` has those that ended,
 * and the record of a frame that was stored and did not last those up to then. It is read before this run begins any; what
 * cannot be read counts as nothing, as it decides nothing.
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
 * How many attempts at a frame have begun, of which one was rendered. One that only waited in a slot and was moved to
 * another is none; one of an earlier run that a node went on with was counted when it began.
 */
export function attemptsAt(frame: Frame, { frames, firstAttempt }: SchedulerState, earlier: AttemptCounts): number {
  const history = frames.get(frame)?.history ?? [];
  const begun = history.filter(({ attempt, hasStarted }) => hasStarted && attempt >= firstAttempt).length;
  return Math.max(1, begun + (earlier.get(frame) ?? 0));
}
