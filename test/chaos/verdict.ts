import type { LabCoordinator, LabEvent } from "../support/lab/lab-coordinator.ts";

/** How a run of the command ended. */
type RunEnd = Awaited<LabCoordinator["ended"]> & { readonly last: LabEvent | undefined };

/** What the faults did to one start of the command. */
interface Circumstances {
  readonly sent: ReadonlySet<NodeJS.Signals>;
  /** Whether a second coordinator for the same output, started on purpose, was alive. */
  readonly hadCompany: boolean;
  /** Whether the disk of its job folder was full for a while. */
  readonly wasDiskFull: boolean;
  /** Whether there was a moment without any usable node. */
  readonly wereAllNodesAway: boolean;
  readonly encodersKilled: number;
}

const aboutSpace = /ENOSPC|no space left|disk is full|free space/i;
const fullDiskCodes = ["FARM_STORE_FAILED", "FARM_OUTPUT_UNWRITABLE", "FARM_FFMPEG_EXITED", "FARM_VIDEO_INCOMPLETE"];
const bug = /This is a bug|\(node:\d+\) \w*Warning/;

/** How it ended, in few words. */
export function wordsFor({ code, signal, last }: RunEnd): string {
  return signal ?? (code === 0 ? "completed" : `${code} ${last?.code ?? last?.type ?? ""}`.trim());
}

/** Whether a fault ended it. Every other end is a failure of the program, even if the next start completes the job. */
export function isOurs({ code, signal, stderr, last }: RunEnd, circumstances: Circumstances): boolean {
  const { sent, hadCompany, wasDiskFull, wereAllNodesAway, encodersKilled } = circumstances;
  if (bug.test(stderr)) return false;
  if (signal !== null) return sent.has(signal);
  if (code === 0) return last?.type === "job:completed";
  if (code === 130) return sent.has("SIGINT");
  if (code === 143) return sent.has("SIGTERM");
  if (last?.type !== "job:failed") return false;
  const failure = String(last.code);
  if (failure === "FARM_JOB_LOCKED") return hadCompany;
  if (wasDiskFull && fullDiskCodes.includes(failure) && aboutSpace.test(`${last.message} ${last.hint}`)) return true;
  // After an encoder's first failure encoding is postponed; only a second failure there ends the job.
  if (failure === "FARM_FFMPEG_EXITED") return encodersKilled >= (wasDiskFull ? 1 : 2);
  return code === 3 && wereAllNodesAway;
}
