import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Frame } from "../../src/core/node.ts";
import type { AttemptRecord } from "../../src/frames/attempt-record.ts";
import { frameFileName } from "../../src/frames/frame-name.ts";
import { type JobReport, reportOf } from "../../src/index.ts";
import { makeTemporaryFolder } from "./temporary-folder.ts";

/** The contents of a job folder, written by hand. */
export interface MadeFolder {
  readonly log?: readonly object[];
  readonly records?: readonly object[];
  readonly attempts?: readonly AttemptRecord[];
  /** Fields of `job.json`; without them there is no such file. */
  readonly job?: { readonly run: number; readonly frames?: string };
  /** Frames that have a file; without any there is no frames folder. */
  readonly files?: readonly Frame[];
}

/** A line of a log. @param seconds Its time, from an arbitrary start */
export function line(seconds: number, msg: string, fields: object = {}): object {
  return { level: 30, time: 1_700_000_000_000 + seconds * 1000, ms: seconds * 1000, ...fields, msg };
}

/** A line of a log about a node. */
export function nodeLine(seconds: number, msg: string, name: string, fields: object = {}): object {
  return line(seconds, msg, { node: nodeId(name), name, ...fields });
}

function nodeId(name: string): string {
  return Buffer.from(name).toString("hex").padEnd(32, "0");
}

/** A line of `frames.ndjson`. */
export function record(frame: Frame, name: string, fields: object = {}): object {
  const node = { id: nodeId(name), name };
  const usual = { blender: "4.3.2", device: "CPU", attempts: 1, seconds: 10, sha256: "ab".repeat(32), sizeBytes: 1 };
  return { frame, node, ...usual, ...fields };
}

/** How an attempt went, in seconds. */
interface MadeAttempt {
  readonly start: number | null;
  /** When the node had the result; `null` if it never did. */
  readonly end?: number | null;
  /** When it was stored or ended in another way. */
  readonly over: number;
  readonly slot?: number;
  readonly run?: number;
  readonly outcome?: AttemptRecord["outcome"];
  readonly error?: Partial<NonNullable<AttemptRecord["error"]>>;
}

let attempts = 0;

/** A line of `attempts.ndjson`, with a new attempt number. */
export function attempt(frame: Frame, name: string, made: MadeAttempt): AttemptRecord {
  const { start, end = null, over, slot = 0, run = 1, outcome = "stored", error } = made;
  const inMs = (seconds: number | null) => (seconds === null ? null : seconds * 1000);
  const times = { assigned: inMs(start), started: inMs(start), rendered: inMs(end), fetched: null, arrived: null };
  attempts += 1;
  return {
    ...{ run, frame, attempt: attempts, slot, blender: "4.3.2", device: "CPU", outcome },
    node: { id: nodeId(name), name },
    at: { ...times, ended: over * 1000 },
    error: error === undefined ? null : { code: null, message: "", hint: "", fault: "nobody", ...error },
  };
}

/** Makes a job folder and reports on it. */
export async function reportOn({ log, records, attempts, job, files }: MadeFolder): Promise<JobReport> {
  await using folder = await makeTemporaryFolder();
  const write = (name: string, lines: readonly object[]) =>
    writeFile(join(folder.path, name), lines.map((made) => `${JSON.stringify(made)}\n`).join(""));
  if (log) await write("log.ndjson", log);
  if (records) await write("frames.ndjson", records);
  if (attempts) await write("attempts.ndjson", attempts);
  if (job) {
    const { run, frames } = job;
    const blend = { sha256: "cd".repeat(32), sizeBytes: 9 };
    const rest = { format: 1, job: "0".repeat(32), fingerprint: "f", blenderVersion: null, blend, settings: {} };
    await write("job.json", [{ ...rest, run, facts: frames === undefined ? null : { frames } }]);
  }
  if (files) await mkdir(join(folder.path, "frames"));
  for (const frame of files ?? []) await writeFile(join(folder.path, "frames", frameFileName(frame)), "");
  return await reportOf(folder.path);
}
