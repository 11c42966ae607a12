import { FarmError, messageOf, systemCodeOf } from "../../core/errors.ts";
import { openOwnFile } from "../../system/files/own-file.ts";

/** A line of `log.ndjson`: what happened, and when. */
export interface LogLine {
  /** Milliseconds of Unix time. */
  readonly time: number;
  /** Milliseconds on the scale of the run, which never jumps: that of `attempts.ndjson`. */
  readonly ms: number;
  /** The event, as `frame:stored`. */
  readonly msg: string;
  readonly [field: string]: unknown;
}

/** The list of a million frames is the longest that is written. What is longer is none of ours, and is not held whole. */
const longestLine = 16 * 1024 * 1024;
const longestText = 4_096;

/**
 * The lines of a file, one at a time, so that one of a gigabyte costs no more memory than a small one. A last line without
 * its end is left out: it was torn, or is being written.
 *
 * @returns Nothing when there is no such file
 * @throws {FarmError} `FARM_BAD_INPUT` when it cannot be read, `FARM_UNSAFE_PATH` when it is a link
 */
export async function* linesOf(file: string): AsyncGenerator<string> {
  let begun = "";
  let isTooLong = false;
  try {
    const text = (await openOwnFile(file)).createReadStream({ encoding: "utf8" });
    for await (const chunk of text as AsyncIterable<string>) {
      const [end = "", ...others] = chunk.split("\n");
      begun = isTooLong ? "" : begun + end;
      for (const next of others) {
        if (!isTooLong) yield begun;
        isTooLong = false;
        begun = next;
      }
      isTooLong ||= begun.length > longestLine;
    }
  } catch (error) {
    const code = systemCodeOf(error);
    if (code === "ENOENT" || code === "ENOTDIR") return;
    throw code === undefined || error instanceof FarmError ? error : unreadable(file, error);
  }
}

/** A file of a job folder is there and cannot be read. */
export function unreadable(file: string, cause: unknown): FarmError {
  const why = systemCodeOf(cause) ?? messageOf(cause);
  return new FarmError("FARM_BAD_INPUT", `Cannot read '${file}' (${why})`, "Give a job folder that you may read", {
    cause,
  });
}

/** The runs of one job in a log. */
export interface JobRuns {
  /** Line of the first one, from 0. */
  readonly firstLine: number;
  /** Runs before it, of frames that were rendered anew since. */
  readonly earlierRuns: number;
}

/**
 * Finds the runs of a job in its log: those since its first one, or since the log's beginning when the log does not know the
 * job.
 *
 * @param job Id of the job, as `job.json` has it
 */
export async function findRuns(file: string, job: string | undefined): Promise<JobRuns> {
  let line = -1;
  let runs = 0;
  let startedAt = 0;
  let found: JobRuns | undefined;
  for await (const text of linesOf(file)) {
    line += 1;
    if (!/"msg":"job:(started|begun)"/.test(text)) continue; // most lines are others
    const parsed = parseLine(text);
    if (parsed?.msg === "job:started") {
      startedAt = line;
      runs += 1;
    } else if (parsed?.msg === "job:begun" && parsed.job === job) {
      found ??= { firstLine: startedAt, earlierRuns: runs - 1 };
    }
  }
  return found ?? { firstLine: 0, earlierRuns: 0 };
}

/** The lines of a log from one line on. What is no line of a log is passed over. */
export async function* logLines(file: string, firstLine: number): AsyncGenerator<LogLine> {
  let line = -1;
  for await (const text of linesOf(file)) {
    line += 1;
    const parsed = line < firstLine ? undefined : parseLine(text);
    if (parsed) yield parsed;
  }
}

/** A text of a log line, at most as long as nodes may make theirs; empty when it is none. */
export function textOf(value: unknown): string {
  return typeof value === "string" ? value.slice(0, longestText) : "";
}

/** A number of a log line that is not negative; 0 when it is none. */
export function amountOf(value: unknown): number {
  return typeof value === "number" && Number.isFinite(value) && value > 0 ? value : 0;
}

function parseLine(text: string): LogLine | undefined {
  try {
    const line = JSON.parse(text) as LogLine | null;
    const isLine = typeof line?.time === "number" && typeof line.ms === "number" && typeof line.msg === "string";
    return isLine ? line : undefined;
  } catch {
    return undefined;
  }
}
