import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { JobLog } from "../../src/cli/log.ts";
import { FarmError } from "../../src/core/errors.ts";
import { type FrameRecord, parseFrameRecord } from "../../src/frames/frame-record.ts";
import type { ScriptedRun } from "./nodes/scripted-farm.ts";

/** Writes the log of a run in its job folder, as the program does, until its end. @returns How it ended */
export async function withLog(run: ScriptedRun, onEvent: ScriptedRun["onEvent"] = () => {}): Promise<string> {
  const log = new JobLog({ level: "silent", isTerminal: false, write: () => {} });
  run.onEvent = (event) => {
    const { type, ...fields } = event;
    if (event.type === "job:started") log.addFile(join(event.folder, "log.ndjson"));
    if (type !== "frame:progressed" && type !== "job:progressed") log.logger.info(fields, type);
    onEvent(event);
  };
  await run.result.catch((error: unknown) => {
    if (!(error instanceof FarmError)) throw error;
  });
  return run.events.at(-1)?.type ?? "";
}

/** The records in a job folder's `frames.ndjson`, in the order of writing. */
export async function recordsIn(folder: string): Promise<FrameRecord[]> {
  const lines = (await readFile(join(folder, "frames.ndjson"), "utf8")).trimEnd().split("\n");
  return lines.map((line) => parseFrameRecord(line) as FrameRecord);
}
