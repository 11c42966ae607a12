import { completed, noJson } from "./coordinator.mjs";

/** @typedef {import("./coordinator.mjs").End} End */

/**
 * What the faults did to one start of the coordinator, from its beginning to its end.
 *
 * @typedef {object} Circumstances
 * @property {ReadonlySet<NodeJS.Signals>} sent signals that it was sent
 * @property {boolean} hadCompany whether another one was started on purpose for the same output, and lived
 * @property {boolean} wasDiskFull whether the disk of its job folder was full for a while
 * @property {boolean} wereAllNodesAway whether there was a moment without any node that can be used
 * @property {number} encodersKilled
 */

const aboutSpace = /ENOSPC|no space left|disk is full|free space/i;
const fullDiskCodes = ["FARM_STORE_FAILED", "FARM_OUTPUT_UNWRITABLE", "FARM_FFMPEG_EXITED", "FARM_VIDEO_INCOMPLETE"];

/**
 * How a start of the coordinator ended, and whether that was the doing of this run: everything else is a failure of the
 * program, whether or not the next start makes up for it.
 *
 * @param {End} end
 * @param {Circumstances} circumstances
 * @returns {{how: string, isOurs: boolean}}
 */
export function verdictOn(end, circumstances) {
  const { code, signal, last } = end;
  const how = signal ?? (code === 0 ? "completed" : `${code} ${last?.code ?? last?.type ?? ""}`.trim());
  const isOurs = !isBug(end) && isCaused(end, circumstances);
  return { how, isOurs };
}

/** @param {End} end @param {Circumstances} circumstances */
function isCaused({ code, signal, last }, circumstances) {
  const { sent, hadCompany, wasDiskFull, wereAllNodesAway, encodersKilled } = circumstances;
  if (signal !== null) return sent.has(signal);
  if (code === 0) return last?.type === completed;
  if (code === 130) return sent.has("SIGINT");
  if (code === 143) return sent.has("SIGTERM");
  if (last?.type !== "job:failed") return false;
  const failure = String(last.code);
  if (failure === "FARM_JOB_LOCKED") return hadCompany;
  if (wasDiskFull && fullDiskCodes.includes(failure) && aboutSpace.test(`${last.message} ${last.hint}`)) return true;
  // The first failure of an encoder is made up for at the end; only there a second one ends the job.
  if (failure === "FARM_FFMPEG_EXITED") return encodersKilled >= (wasDiskFull ? 1 : 2);
  return code === 3 && wereAllNodesAway;
}

/** A line that was cut short by a kill is none. @param {End} end */
function isBug({ signal, stderr }) {
  return /This is a bug|\(node:\d+\) \w*Warning/.test(stderr) || (signal === null && stderr.includes(noJson));
}
