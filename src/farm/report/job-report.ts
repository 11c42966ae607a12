import { join } from "node:path";
import type { Overrides } from "../../config/overrides.ts";
import { FarmError, systemCodeOf } from "../../core/errors.ts";
import { formatFrames, parseFrames } from "../../core/frame-range.ts";
import type { Frame, NodeId } from "../../core/node.ts";
import type { AttemptRecord } from "../../frames/attempt-record.ts";
import { framesLogIn, requireSafeJobFolder } from "../../frames/job-folder-place.ts";
import { type JobRecord, readJobRecord } from "../../frames/job-record.ts";
import { parseOverrides } from "../../session/protocol.ts";
import { readAttempts } from "./attempts.ts";
import { type Cause, causesOf } from "./causes.ts";
import { findRuns, type LogLine, logLines, unreadable } from "./job-log.ts";
import { type JobEnd, type NodeProblem, NodeProblems } from "./node-problems.ts";
import { noSlotTimes, type SlotTimes } from "./slot-times.ts";
import { framesWithFile, latestRecords, type StoredFrame } from "./stored-frames.ts";
import { type NodeTimes, TimeSpent } from "./time-spent.ts";

/** What one node did in a job, over all runs. */
interface NodeReport {
  readonly node: NodeId;
  readonly name: string;
  /** Blender versions that rendered its frames, several if that changed; without frames, the node's version. */
  readonly blender: readonly string[];
  /** Devices that rendered its frames, several if that changed. */
  readonly devices: readonly string[];
  /** Frames of the job that it rendered and that are stored. */
  readonly frames: number;
  readonly renderSeconds: number;
  /** Where the time of its slots went; `null` if the log does not name the node. */
  readonly time: SlotSeconds | null;
}

/** Where the time of some slots went, in seconds of one slot each. See {@link SlotTimes}. */
interface SlotSeconds extends Readonly<SlotTimes> {
  readonly slots: number;
}

/** Where the time of all runs of the job went, in seconds. Pauses between runs do not count. */
interface TimeReport {
  /** From the start of each run to its end. */
  readonly wall: number;
  /** Of all slots, from when a node was found until the last frame was stored or the run ended. */
  readonly slots: SlotSeconds;
  /** From rendered to stored, added up; the slots worked on meanwhile. */
  readonly transfer: number;
  /** From the last stored frame to the end of the run: the part of encoding that did not overlap rendering. */
  readonly encode: number;
  /**
   * The share of the slots' time, without `busy` and `away`, that was spent on frames of the output. From 0 to 1, the
   * ideal; `null` without any such time.
   */
  readonly efficiency: number | null;
}

/** What a job folder tells about its job. Frames are listed as `--frames` takes them. */
export interface JobReport {
  /** What the job is called; `null` if its record does not say. */
  readonly name: string | null;
  readonly owner: string | null;
  /** What was rendered otherwise than the blendfile says; `null` for nothing. */
  readonly overrides: Overrides | null;
  readonly outcome: JobEnd;
  /** Why the latest run failed; `null` if it did not. */
  readonly error: { readonly code: string; readonly message: string } | null;
  /** How many of the expected frames are stored. */
  readonly frames: number;
  /** How many frames are expected; `null` if unknown. */
  readonly expected: number | null;
  readonly missing: string;
  /** Runs of this job. The earlier ones, whose frames it could not use, count nowhere else in the report. */
  readonly runs: number;
  readonly earlierRuns: number;
  /** Why attempts failed or were lost; causes that cost frames come first. */
  readonly causes: readonly Cause[];
  readonly problems: readonly NodeProblem[];
  readonly nodes: readonly NodeReport[];
  readonly slowest: { readonly frame: Frame; readonly seconds: number; readonly name: string } | null;
  /** Frames that took more than one attempt. */
  readonly retried: number;
  /** How long scenes were played up to the stored frames, added up: what simulations that are not baked cost. */
  readonly playSeconds: number;
  readonly warnings: readonly string[];
  /** `null` without a log. */
  readonly time: TimeReport | null;
}

/**
 * Reads what a job folder tells about its job, however it ended, or while it runs. Changes nothing.
 *
 * @throws {FarmError} `FARM_BAD_INPUT` if it is not a job folder or cannot be read, `FARM_JOB_CHANGED` if a later
 * release wrote it, `FARM_UNSAFE_PATH` if it is a link or contains one
 */
export async function reportOf(folder: string): Promise<JobReport> {
  await requireSafeJobFolder(folder).catch((error: unknown) => {
    throw error instanceof FarmError ? error : unreadable(folder, error);
  });
  const record = await recordIn(folder);
  const log = join(folder, "log.ndjson");
  const stored = await latestRecords(framesLogIn(folder));
  const files = await framesWithFile(join(folder, "frames"));
  for (const frame of files ? stored.keys() : []) if (!files?.has(frame)) stored.delete(frame);
  const { firstLine, earlierRuns } = await findRuns(log, record?.job);
  const attempts = await readAttempts(join(folder, "attempts.ndjson"));
  const lines = logLines(log, firstLine);
  const report = await summarize({
    stored,
    attempts,
    log: lines,
    wanted: wantedFrames(record),
    earlierRuns,
    ...settingsIn(record),
  });
  if (record === null && stored.size === 0 && report.runs === 0) throw noJobFolder(folder);
  return report;
}

/** What a report is made of. */
interface Sources extends Pick<JobReport, "name" | "owner" | "overrides" | "earlierRuns"> {
  readonly stored: ReadonlyMap<Frame, StoredFrame>;
  readonly attempts: readonly AttemptRecord[];
  readonly log: AsyncIterable<LogLine>;
  /** The expected frames; `null` if unknown. */
  readonly wanted: readonly Frame[] | null;
}

async function summarize({ stored, attempts, log, wanted, earlierRuns, ...recorded }: Sources): Promise<JobReport> {
  const [problems, time] = [new NodeProblems(), new TimeSpent(attempts)];
  for await (const line of log) for (const listener of [problems, time]) listener.hear(line);
  time.end();
  const frames = wanted === null ? [...stored.keys()] : wanted.filter((frame) => stored.has(frame));
  const missing = wanted?.filter((frame) => !stored.has(frame)) ?? [];
  const missingFrames = new Set(missing);
  const { runs, outcome, error, warnings } = problems;
  return {
    ...recorded,
    ...{
      outcome,
      error,
      frames: frames.length,
      expected: wanted?.length ?? null,
      missing: formatFrames(missing),
    },
    ...{ runs, earlierRuns, problems: problems.nodes },
    causes: causesOf(attempts, (frame) => missingFrames.has(frame)),
    nodes: nodesOf(frames, stored, time.nodes),
    ...framesOf(frames, stored),
    warnings,
    time: runs === 0 ? null : timeOf(time),
  };
}

function settingsIn(record: JobRecord | null): Pick<JobReport, "name" | "owner" | "overrides"> {
  const { name, owner, overrides } = record?.settings ?? {};
  const [textOfName, textOfOwner] = [name, owner].map((text) => (typeof text === "string" ? text : null));
  return {
    name: textOfName ?? null,
    owner: textOfOwner ?? null,
    overrides: parseOverrides(overrides) as Overrides | null,
  };
}

function nodesOf(
  frames: readonly Frame[],
  stored: ReadonlyMap<Frame, StoredFrame>,
  times: readonly NodeTimes[],
): NodeReport[] {
  const nodes = new Map<NodeId, NodeReport>();
  for (const known of times) {
    const { node, name, blender } = known;
    const time = inSeconds([known]);
    nodes.set(node, { node, name, blender: [blender], devices: [], frames: 0, renderSeconds: 0, time });
  }
  for (const frame of frames) {
    const { renderer, seconds } = stored.get(frame) as StoredFrame;
    const { node, name, blender, device } = renderer;
    const before = nodes.get(node);
    nodes.set(node, {
      ...{ node, name, time: before?.time ?? null },
      blender: withOne(before?.frames ? before.blender : [], blender),
      devices: withOne(before?.devices ?? [], device),
      frames: (before?.frames ?? 0) + 1,
      renderSeconds: (before?.renderSeconds ?? 0) + seconds,
    });
  }
  return [...nodes.values()].sort((a, b) => b.frames - a.frames);
}

function withOne(list: readonly string[], item: string): readonly string[] {
  return list.includes(item) ? list : [...list, item];
}

function framesOf(
  frames: readonly Frame[],
  stored: ReadonlyMap<Frame, StoredFrame>,
): Pick<JobReport, "playSeconds" | "retried" | "slowest"> {
  let [retried, playedSeconds] = [0, 0];
  let slowest: JobReport["slowest"] = null;
  for (const frame of frames) {
    const { attempts, seconds, playSeconds, renderer } = stored.get(frame) as StoredFrame;
    playedSeconds += playSeconds;
    if (attempts > 1) retried += 1;
    if (slowest === null || seconds > slowest.seconds) slowest = { frame, seconds, name: renderer.name };
  }
  return { retried, slowest, playSeconds: playedSeconds };
}

function timeOf({ wallMs, transferMs, encodeMs, nodes }: TimeSpent): TimeReport {
  const slots = inSeconds(nodes);
  const { render, wasted, upload, load, wait } = slots;
  const there = render + wasted + upload + load + wait;
  return {
    ...{ wall: wallMs / 1000, slots, transfer: transferMs / 1000, encode: encodeMs / 1000 },
    efficiency: there > 0 ? render / there : null,
  };
}

function inSeconds(nodes: readonly NodeTimes[]): SlotSeconds {
  const sum = noSlotTimes();
  const names = Object.keys(sum) as (keyof SlotTimes)[];
  for (const { times } of nodes) for (const name of names) sum[name] += times[name] / 1000;
  return { slots: nodes.reduce((count, { slots }) => count + slots, 0), ...sum };
}

/** @returns `null` if there is none */
async function recordIn(folder: string): Promise<JobRecord | null> {
  try {
    return await readJobRecord(join(folder, "job.json"));
  } catch (error) {
    if (error instanceof FarmError) throw error;
    throw systemCodeOf(error) === "ENOTDIR" ? noJobFolder(folder) : unreadable(join(folder, "job.json"), error);
  }
}

function wantedFrames(record: JobRecord | null): Frame[] | null {
  const frames = record?.facts?.frames;
  if (typeof frames !== "string") return null;
  try {
    return parseFrames(frames);
  } catch {
    return null; // somebody has changed it by hand
  }
}

function noJobFolder(folder: string): FarmError {
  return new FarmError(
    "FARM_BAD_INPUT",
    `Cannot report on '${folder}': it is not a job folder`,
    "Give the folder beside the output, for example out.mp4.renderfarm",
  );
}
