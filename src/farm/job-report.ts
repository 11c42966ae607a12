import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { FarmError, systemCodeOf } from "../core/errors.ts";
import { type FrameRecord, parseFrameRecord } from "../frames/frame-record.ts";

/** What one node did in a job, over all of its runs. */
interface NodeReport {
  readonly name: string;
  readonly blender: string;
  readonly device: string;
  readonly frames: number;
  readonly renderSeconds: number;
  readonly slots: number;
  /** Of the latest run: until the blendfile had arrived, and until the first slot had opened it. */
  readonly uploadSeconds: number;
  readonly loadSeconds: number;
}

/** Where the time of all slots of the latest run went, in seconds of one slot each. */
interface TimeReport {
  readonly wallSeconds: number;
  readonly uploadSeconds: number;
  readonly loadSeconds: number;
  readonly renderSeconds: number;
  /** From rendered to checked and on our disk, added up; the slots went on meanwhile. */
  readonly transferSeconds: number;
  /** What is left: waiting for work, for a Blender that starts again, for the last frame of others. */
  readonly waitSeconds: number;
  /** From the last stored frame to the end of the job: what of the encoding was not hidden behind the rendering. */
  readonly encodeSeconds: number;
  /** Share of the slots' time, while frames were missing, that went into frames of the video; 0 to 1. */
  readonly efficiency: number;
}

export interface JobReport {
  readonly frames: number;
  readonly runs: number;
  readonly outcome: string;
  readonly nodes: readonly NodeReport[];
  readonly slowest: FrameRecord | undefined;
  /** Frames that took more than one try. */
  readonly retried: number;
  /** Why attempts came to nothing, with how often. */
  readonly causes: readonly { readonly reason: string; readonly count: number }[];
  readonly warnings: readonly string[];
  readonly time: TimeReport | undefined;
}

/** A line of log.ndjson: an event with its time. */
interface LogLine {
  readonly time: number;
  readonly msg: string;
  readonly [field: string]: unknown;
}

/**
 * Reads what a job folder tells of its job.
 *
 * @throws {FarmError} `FARM_BAD_INPUT` when it is no job folder
 */
export async function reportOf(folder: string): Promise<JobReport> {
  const records = (await linesOf(join(folder, "frames.ndjson"))).flatMap((line) => parseFrameRecord(line) ?? []);
  const log = (await linesOf(join(folder, "log.ndjson"))).flatMap((line) => parseLogLine(line) ?? []);
  if (records.length === 0 && log.length === 0) {
    throw new FarmError(
      "FARM_BAD_INPUT",
      `Cannot report on '${folder}': it is no job folder`,
      "Give the folder beside the output, for example out.mp4.renderfarm",
    );
  }
  return summarize(records, log);
}

/** The report of frames and log lines. Pure. */
export function summarize(records: readonly FrameRecord[], log: readonly LogLine[]): JobReport {
  const starts = log.flatMap((line, index) => (line.msg === "job:started" ? [index] : []));
  const latest = log.slice(starts.at(-1) ?? 0);
  const causes = new Map<string, number>();
  for (const line of log) {
    if (line.msg !== "frame:requeued" && line.msg !== "frame:failed") continue;
    const reason = String(line.reason ?? line.message ?? "");
    causes.set(reason, (causes.get(reason) ?? 0) + 1);
  }
  const warnings = log.filter((line) => line.msg === "warning").map((line) => String(line.message ?? ""));
  return {
    frames: records.length,
    runs: starts.length,
    outcome:
      log.findLast((line) => /^job:(completed|failed|interrupted)$/.test(line.msg))?.msg.slice(4) ?? "unfinished",
    nodes: nodesOf(records, latest),
    slowest: [...records].sort((a, b) => b.seconds - a.seconds)[0],
    retried: records.filter((record) => record.attempts > 1).length,
    causes: [...causes].map(([reason, count]) => ({ reason, count })).sort((a, b) => b.count - a.count),
    warnings: [...new Set(warnings)],
    time: timeOf(latest),
  };
}

function nodesOf(records: readonly FrameRecord[], latest: readonly LogLine[]): NodeReport[] {
  const nodes = new Map<string, NodeReport>();
  for (const record of records) {
    const { id, name } = record.node;
    const before = nodes.get(id);
    const found = latest.find((line) => line.msg === "node:found" && line.node === id);
    const { uploadSeconds, loadSeconds } = preparationOf(id, latest);
    nodes.set(id, {
      ...{ name, blender: record.blender, device: record.device, uploadSeconds, loadSeconds },
      slots: Number(found?.slots ?? 1),
      frames: (before?.frames ?? 0) + 1,
      renderSeconds: (before?.renderSeconds ?? 0) + record.seconds,
    });
  }
  return [...nodes.values()].sort((a, b) => b.frames - a.frames);
}

/** From being found to the first ready slot: first the upload, then the opening of the file. */
function preparationOf(node: string, latest: readonly LogLine[]): { uploadSeconds: number; loadSeconds: number } {
  const own = latest.filter((line) => line.node === node);
  const found = own.find((line) => line.msg === "node:found")?.time;
  const joined = own.find((line) => line.msg === "node:joined")?.time;
  if (found === undefined || joined === undefined) return { uploadSeconds: 0, loadSeconds: 0 };
  const uploaded = own.findLast((line) => line.msg === "node:uploading" && line.time <= joined)?.time ?? found;
  return { uploadSeconds: (uploaded - found) / 1000, loadSeconds: (joined - uploaded) / 1000 };
}

function timeOf(latest: readonly LogLine[]): TimeReport | undefined {
  const start = latest[0]?.time;
  const end = latest.at(-1)?.time;
  const stored = latest.filter((line) => line.msg === "frame:stored");
  const lastStored = stored.at(-1)?.time;
  if (start === undefined || end === undefined || lastStored === undefined) return undefined;
  const found = latest.filter((line) => line.msg === "node:found");
  let slotSeconds = 0;
  let uploadSeconds = 0;
  let loadSeconds = 0;
  for (const line of found) {
    const slots = Number(line.slots ?? 1);
    const preparation = preparationOf(String(line.node), latest);
    uploadSeconds += preparation.uploadSeconds * slots;
    loadSeconds += preparation.loadSeconds * slots;
    slotSeconds += (slots * (lastStored - line.time)) / 1000;
  }
  const renderSeconds = stored.reduce((sum, line) => sum + Number(line.seconds ?? 0), 0);
  return {
    wallSeconds: (end - start) / 1000,
    ...{ uploadSeconds, loadSeconds, renderSeconds, transferSeconds: transferOf(latest) },
    waitSeconds: Math.max(0, slotSeconds - uploadSeconds - loadSeconds - renderSeconds),
    encodeSeconds: (end - lastStored) / 1000,
    efficiency: slotSeconds > 0 ? Math.min(1, renderSeconds / slotSeconds) : 0,
  };
}

function transferOf(latest: readonly LogLine[]): number {
  const renderedAt = new Map<string, number>();
  let seconds = 0;
  for (const { msg, time, node, frame } of latest) {
    const key = `${String(node)} ${String(frame)}`;
    if (msg === "frame:rendered") renderedAt.set(key, time);
    if (msg === "frame:stored") seconds += (time - (renderedAt.get(key) ?? time)) / 1000;
  }
  return seconds;
}

async function linesOf(file: string): Promise<string[]> {
  try {
    return (await readFile(file, "utf8")).split("\n").filter((line) => line !== "");
  } catch (error) {
    if (systemCodeOf(error) === "ENOENT") return [];
    throw new FarmError("FARM_BAD_INPUT", `Cannot read '${file}'`, "Give a job folder that you may read", {
      cause: error,
    });
  }
}

/** A torn last line of a killed run is no line. */
function parseLogLine(text: string): LogLine | undefined {
  try {
    const line = JSON.parse(text) as LogLine;
    return typeof line.time === "number" && typeof line.msg === "string" ? line : undefined;
  } catch {
    return undefined;
  }
}
