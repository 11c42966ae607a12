import { FarmError, messageOf, systemCodeOf } from "../../core/errors.ts";
import type { Frame } from "../../core/node.ts";
import { openOwnFile } from "../../system/files/own-file.ts";

/** A line of `log.ndjson`: what happened, and when. */
export interface LogLine {
  /** Milliseconds since the first line, on a scale that never goes back. Only differences within a run mean something. */
  readonly elapsedMs: number;
  /** The event, as `frame:stored`. */
  readonly msg: string;
  readonly [field: string]: unknown;
}

/** Where the lines of the job begin that a folder holds now. */
export interface JobStart {
  /** Counted from 0, as {@link linesOf} gives them. */
  readonly line: number;
  /** Runs before it, of frames that were rendered anew since. */
  readonly earlierRuns: number;
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

/**
 * Finds the job that a log ends with: the runs since frames were last begun anew, by `--fresh` or because something that
 * changes pixels had changed.
 *
 * @param runs How many runs of it have begun, as `job.json` tells; `undefined` where nothing tells. A job of which no frame
 *   had been stored is begun anew without a word in the log, and only this number shows it
 */
export async function findJobStart(file: string, runs: number | undefined): Promise<JobStart> {
  let found: { line: number; hasScene: boolean }[] = [];
  let earlierRuns = 0;
  let line = -1;
  for await (const text of linesOf(file)) {
    line += 1;
    const event = /"msg":"(job:started|job:restarted|scene:read)"/.exec(text)?.[1];
    if (event === undefined || parseLine(text)?.msg !== event) continue; // a torn line
    const current = found.at(-1);
    if (event === "job:started") found.push({ line, hasScene: false });
    else if (event === "scene:read" && current) current.hasScene = true;
    else if (event === "job:restarted" && current) {
      earlierRuns += found.length - 1;
      found = [current];
    }
  }
  const begun = found.filter(({ hasScene }) => hasScene);
  const notOurs = runs === undefined || begun.length <= runs ? undefined : begun.at(-runs - 1);
  const before = notOurs === undefined ? 0 : found.indexOf(notOurs) + 1;
  return { line: found[before]?.line ?? 0, earlierRuns: earlierRuns + before };
}

/** The lines of a log from there on. What is no line of a log is passed over. */
export async function* logLines(file: string, start: JobStart): AsyncGenerator<LogLine> {
  const watch = new Watch();
  let line = -1;
  for await (const text of linesOf(file)) {
    line += 1;
    const parsed = line < start.line ? undefined : parseLine(text);
    if (parsed) yield { ...parsed, elapsedMs: watch.elapsedMs(parsed) };
  }
}

/** How many attempts at each frame a log names from there on. */
export async function framesStarted(file: string, start: JobStart): Promise<Map<Frame, number>> {
  const counts = new Map<Frame, number>();
  let line = -1;
  for await (const text of linesOf(file)) {
    line += 1;
    if (line < start.line || !text.includes('"msg":"frame:started"')) continue; // most lines are others
    const frame = parseLine(text)?.frame;
    if (Number.isSafeInteger(frame)) counts.set(frame as Frame, (counts.get(frame as Frame) ?? 0) + 1);
  }
  return counts;
}

/** A text of a log line, at most as long as nodes may make theirs; empty when it is none. */
export function textOf(value: unknown): string {
  return typeof value === "string" ? value.slice(0, longestText) : "";
}

/** A number of a log line that is not negative; 0 when it is none. */
export function amountOf(value: unknown): number {
  return typeof value === "number" && Number.isFinite(value) && value > 0 ? value : 0;
}

interface WrittenLine {
  /** Milliseconds of Unix time. */
  readonly time: number;
  /** Milliseconds on the writer's own scale, which never jumps, where it gives them. */
  readonly ms?: unknown;
  readonly msg: string;
  readonly [field: string]: unknown;
}

function parseLine(text: string): WrittenLine | undefined {
  try {
    const line = JSON.parse(text) as WrittenLine | null;
    return typeof line?.time === "number" && typeof line.msg === "string" ? line : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Makes a scale that never goes back of the times in a log. A system clock that was set back costs the time between two
 * lines; one that was set forward cannot be told from time that passed, unless the lines carry the writer's own scale.
 */
class Watch {
  #elapsedMs = 0;
  #last: WrittenLine | undefined;

  elapsedMs(line: WrittenLine): number {
    const last = this.#last;
    this.#last = line;
    if (last) this.#elapsedMs += Math.max(0, this.#between(last, line));
    return this.#elapsedMs;
  }

  #between(last: WrittenLine, line: WrittenLine): number {
    if (typeof last.ms === "number" && typeof line.ms === "number" && line.ms >= last.ms) return line.ms - last.ms;
    return line.time - last.time;
  }
}
