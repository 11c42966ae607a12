import { FarmError, messageOf, systemCodeOf } from "../../core/errors.ts";
import { openOwnFile } from "../../system/files/own-file.ts";

/** A line of `log.ndjson`: what happened, and when. */
export interface LogLine {
  /** Milliseconds of Unix time. */
  readonly time: number;
  /** Milliseconds on the run's monotonic clock, as in `attempts.ndjson`. */
  readonly ms: number;
  /** The event's name, such as `frame:stored`. */
  readonly msg: string;
  readonly [field: string]: unknown;
}

/**
 * Longer than the list of a million frames, which is the longest line we write. Longer lines are not read into memory.
 */
const longestLine = 16 * 1024 * 1024;
const longestText = 4_096;

/**
 * The lines of a file, one at a time, so that a file of a gigabyte needs no more memory than a small one. A last line
 * without a line end is skipped: it was cut off, or is being written.
 *
 * @returns Nothing if there is no such file
 * @throws {FarmError} `FARM_BAD_INPUT` if it cannot be read, `FARM_UNSAFE_PATH` if it is a link
 */
export async function* linesOf(file: string): AsyncGenerator<string> {
  let partial = "";
  let isTooLong = false;
  try {
    const text = (await openOwnFile(file)).createReadStream({ encoding: "utf8" });
    for await (const chunk of text as AsyncIterable<string>) {
      const [end = "", ...others] = chunk.split("\n");
      partial = isTooLong ? "" : partial + end;
      for (const next of others) {
        if (!isTooLong) yield partial;
        isTooLong = false;
        partial = next;
      }
      isTooLong ||= partial.length > longestLine;
    }
  } catch (error) {
    const code = systemCodeOf(error);
    if (code === "ENOENT" || code === "ENOTDIR") return;
    throw code === undefined || error instanceof FarmError ? error : unreadable(file, error);
  }
}

/** A file of a job folder exists, but cannot be read. */
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
  /** How many runs were before it, whose frames could not be used. */
  readonly earlierRuns: number;
}

/**
 * Finds the runs of a job in its log. If the log does not name the job, all of its runs count.
 *
 * @param job The job's id in `job.json`
 */
export async function findRuns(file: string, job: string | undefined): Promise<JobRuns> {
  let line = -1;
  let runs = 0;
  let startedAt = 0;
  let found: JobRuns | undefined;
  for await (const text of linesOf(file)) {
    line += 1;
    if (!/"msg":"(?:job|run):started"/.test(text)) continue; // saves parsing the other lines
    const parsed = parseLine(text);
    if (parsed?.msg === "job:started") {
      startedAt = line;
      runs += 1;
    } else if (parsed?.msg === "run:started" && parsed.job === job) {
      found ??= { firstLine: startedAt, earlierRuns: runs - 1 };
    }
  }
  return found ?? { firstLine: 0, earlierRuns: 0 };
}

/** The lines of a log, from a given one on. What is not a valid line is skipped. */
export async function* logLines(file: string, firstLine: number): AsyncGenerator<LogLine> {
  let line = -1;
  for await (const text of linesOf(file)) {
    line += 1;
    const parsed = line < firstLine ? undefined : parseLine(text);
    if (parsed) yield parsed;
  }
}

/** A text of a log line, cut to the longest that nodes may send; empty if it is not a text. */
export function textOf(value: unknown): string {
  return typeof value === "string" ? value.slice(0, longestText) : "";
}

/** A number of a log line that is not negative; 0 if it is not one. */
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
