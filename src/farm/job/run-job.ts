import { systemClock } from "../../core/clock.ts";
import { FarmError } from "../../core/errors.ts";
import { formatFrames, orderFrames } from "../../core/frame-range.ts";
import type { JobSettings } from "../../core/job-settings.ts";
import { counted } from "../../core/text.ts";
import { type FrameRate, formatFrameRate } from "../../encode/frame-rate.ts";
import { FrameStore } from "../../frames/frame-store.ts";
import type { JobFolder, Run } from "../../frames/job-folder.ts";
import { defaultPolicy } from "../../scheduler/policy.ts";
import { createState } from "../../scheduler/state.ts";
import type { SceneInfo } from "../../session/protocol.ts";
import type { FarmListener } from "../events.ts";
import type { Fleet } from "../nodes/fleet.ts";
import type { JoinedNode } from "../nodes/node-connector.ts";
import { encodeAgain, finishOutput } from "../output/finish-output.ts";
import { openOutput } from "../output/open-output.ts";
import { outputFactsOf, parseFacts, recordFacts } from "../output/output-facts.ts";
import type { WriterOptions } from "../output/output-writer.ts";
import { type RefusedBefore, RefusedFrames, refusedError } from "../output/refused-frames.ts";
import { resolveScene, type SceneFacts } from "../output/scene-facts.ts";
import { earlierAttempts } from "./attempt-counts.ts";
import { JobLoop, type LoopInput } from "./job-loop.ts";
import { JobTotals } from "./job-totals.ts";
import { NoNodeTimeout } from "./no-node-timeout.ts";
import type { PreparedJob } from "./prepare-job.ts";

/**
 * How long the first node gets no frame when it kept the job, as others may hold that, or when one was refused, as others
 * are to render that. Less than the second after which the loop ticks.
 */
const hearOthersMs = 900;
/** How often the time without any node is looked at. */
const lookEveryMs = 1_000;

export interface JobRun {
  readonly settings: JobSettings;
  readonly prepared: PreparedJob;
  readonly fleet: Fleet;
  readonly run: Run;
  readonly refusedBefore: RefusedBefore;
  /** See `RenderOptions`. */
  readonly chooseFrames?: ((own: string) => Promise<string>) | undefined;
  readonly tell: FarmListener;
  readonly drain: AbortSignal;
  readonly signal: AbortSignal;
}

/** What came of it: all frames in the video, or stopped on request. */
export type JobOutcome =
  | { readonly type: "complete"; readonly facts: SceneFacts; readonly totals: JobTotals }
  | { readonly type: "stopped"; readonly missing: number };

/**
 * From the first node that has opened the blendfile to the video in its place.
 *
 * @throws {FarmError} What cannot be rendered, stored or encoded; the frames that are stored are kept
 */
export async function runJob(jobRun: JobRun): Promise<JobOutcome> {
  const { settings, prepared, fleet, run, tell, drain, signal } = jobRun;
  const { folder, format, tools } = prepared;

  const isAnyoneThere = () => fleet.pool.statuses.isTaken;
  const loadError = () => fleet.pool.statuses.loadError;
  const noNodeTimeout = new NoNodeTimeout({ waitMs: settings.waitMs, isAnyoneThere, loadError, clock: systemClock });
  const first = await firstJoined(fleet, noNodeTimeout, AbortSignal.any([drain, signal]));
  const facts = await resolveFrames(first.node.scene, settings, jobRun.chooseFrames);
  const { frames } = facts;
  const outputFacts = outputFactsOf(facts, settings, format);
  const { rate, frameFormat } = outputFacts;
  await setStaleAside(folder, run, facts, tell);
  await folder.settle(recordFacts(facts, outputFacts, settings));
  prepared.keep();
  tellScene(facts, rate, tell);

  const { framesFolder, framesLogPath: logPath } = folder;
  const onChecking = (frames: number) => tell({ type: "job:checking", frames });
  await using store = await FrameStore.open({ framesFolder, logPath, format: frameFormat, onChecking, signal });
  const alreadyStored = new Set(frames.filter((frame) => store.has(frame)));
  if (alreadyStored.size > 0) {
    tell({ type: "job:resumed", stored: alreadyStored.size, range: formatFrames(alreadyStored) });
  }
  const totals = new JobTotals(tell, alreadyStored.size);
  warnOfMissing(facts, totals);

  const { output, overwrite, poster } = settings;
  const { inputs, pool } = fleet;
  const refusedFrames = new RefusedFrames({
    ...{ before: jobRun.refusedBefore, tell },
    recordOf: (frame) => store.recordOf(frame),
    setAside: ({ frame }, message) => store.setAside(frame, message),
    onAside: ({ node, frame, seconds }, error) => {
      totals.discount(node.id, frame, seconds);
      loop.refused(node.id, frame, error);
    },
  });
  const outputOptions: WriterOptions = {
    ...{ facts: outputFacts, format, tools, output, overwrite, job: run.job, signal },
    pathOf: (frame) => (store.has(frame) ? store.pathOf(frame) : undefined),
    nodeOf: (frame) => store.recordOf(frame)?.node.id,
    again: encodeAgain(folder.path, settings.jobDir !== undefined, settings),
    onPostponed: (message) => tell({ type: "encode:postponed", message }),
    onRefused: async (refused) => {
      await refusedFrames.take(refused).catch((error: unknown) => {
        inputs.push({ type: "broken", error });
        throw error;
      });
    },
  };
  await using writer = await openOutput(outputOptions);

  const earlier = await earlierAttempts(folder, run);
  const refused = store.refusedBefore.filter(({ frame }) => !store.has(frame));
  const waits = first.node.opened.resumed || refused.length > 0;
  const state = createState({
    frames: orderFrames(frames, settings.order),
    alreadyStored,
    // Nodes may still hold attempts of an earlier run, so no number is used twice.
    firstAttempt: (run.run - 1) * defaultPolicy.attemptsPerRun + 1,
    handsOutFrom: waits ? systemClock.monotonicMs() + hearOthersMs : 0,
  });
  const nameOf = (node: string) => pool.nameOf(node);
  const mayStillCome = () => pool.statuses.isAlive;
  const refusalOf = (node: JoinedNode) => refusalByFiles(node, facts);
  const exclude = (node: string, reason: FarmError) => pool.exclude(node, reason);
  using loop = new JobLoop({
    ...{ state, inputs, store, writer, totals, nameOf, mayStillCome, refusalOf, exclude, noNodeTimeout, tell, signal },
    earlierAttempts: earlier,
    clock: systemClock,
  });
  // Not before: FFmpeg may refuse one of them.
  for (const frame of alreadyStored) writer.accept(frame);
  for (const { node, frame, refused: message = "" } of refused) loop.refused(node.id, frame, refusedError(message));
  const onDrain = () => inputs.push({ type: "scheduler", event: { type: "drain-requested" } });
  drain.addEventListener("abort", onDrain, { once: true });
  if (drain.aborted) onDrain();
  try {
    for (let outcome = await loop.run(first); ; outcome = await loop.run()) {
      if (outcome.type === "drained") return { type: "stopped", missing: outcome.missing.length };
      if (outcome.type === "failed") throw framesFailed(outcome.frames, totals.onlyCause, folder.path);
      // The nodes stay until the output is there: FFmpeg may refuse a frame that then has to be rendered again.
      const finish = () => finishOutput(writer, outputOptions, poster, tell, drain);
      const finished = await fleet.unheardWhile(finish);
      if (finished !== null) return { type: "complete", facts, totals };
      await refusedFrames.settled;
    }
  } catch (error) {
    if (!signal.aborted || error instanceof FarmError) throw error;
    return { type: "stopped", missing: frames.filter((frame) => !store.has(frame)).length };
  } finally {
    drain.removeEventListener("abort", onDrain);
  }
}

/** What is rendered; asks for the frames when nobody has said which, and somebody is there to be asked. */
async function resolveFrames(
  info: SceneInfo,
  settings: JobSettings,
  chooseFrames: JobRun["chooseFrames"],
): Promise<SceneFacts> {
  const facts = resolveScene(info, settings);
  if (settings.frames !== undefined || chooseFrames === undefined) return facts;
  const own = formatFrames(facts.frames);
  const chosen = await chooseFrames(own);
  return chosen === own ? facts : resolveScene(info, { ...settings, frames: chosen });
}

/** Frames of an earlier run are of no use when a file that the scene uses has changed since. */
async function setStaleAside(folder: JobFolder, run: Run, { files }: SceneFacts, tell: FarmListener): Promise<void> {
  const earlier = parseFacts(folder.previous?.facts ?? null);
  if (run.run === 1 || earlier === null || earlier.files === files) return;
  const aside = await folder.setFramesAside();
  if (aside === null) return;
  const kept = `${counted(aside.frames, "old frame")} kept in ${aside.folder}`;
  tell({ type: "job:restarted", reason: `a file that the scene uses has changed; ${kept}` });
}

/** Why a node whose files are not those of the first one takes no part: its frames would look otherwise. */
function refusalByFiles({ session, scene }: JoinedNode, { files }: SceneFacts): FarmError | undefined {
  if (scene.files === files) return undefined;
  return new FarmError(
    "FARM_NODE_EXCLUDED",
    `Cannot use ${session.info.name}: files that the scene uses are not the same there as on the first node`,
    "Pack them into the blendfile (File, External Data, Pack Resources), or make them the same on all nodes",
  );
}

type Joined = Extract<LoopInput, { type: "joined" }>;

/** Waits for the first node that has opened the blendfile: from it we learn what there is to render. */
async function firstJoined(
  { inputs, pool }: Fleet,
  noNodeTimeout: NoNodeTimeout,
  signal: AbortSignal,
): Promise<Joined> {
  const wake = () => inputs.push({ type: "wake" });
  const timer = setInterval(wake, lookEveryMs);
  signal.addEventListener("abort", wake, { once: true });
  try {
    signal.throwIfAborted();
    for await (const input of inputs) {
      signal.throwIfAborted();
      if (input.type === "joined") return input;
      if (input.type === "broken") throw input.error;
      if (input.type === "excluded" && !pool.statuses.isAlive) throw input.reason;
      noNodeTimeout.look(undefined);
    }
  } finally {
    clearInterval(timer);
    signal.removeEventListener("abort", wake);
  }
  throw new Error("The nodes' news ended before the job");
}

export function warnOfMissing(facts: SceneFacts, totals: JobTotals): void {
  for (const path of facts.missing) totals.warn("FILE_MISSING", `'${path}' is missing, and was not rendered`, null);
}

export function tellScene(facts: SceneFacts, rate: FrameRate, tell: FarmListener): void {
  const { scene, frames } = facts;
  const { width, height, engine } = scene;
  tell({
    type: "scene:read",
    ...{ scene: scene.name, frames: frames.length, range: formatFrames(frames), width, height, engine },
    firstFrame: frames[0] ?? 0,
    lastFrame: frames.at(-1) ?? 0,
    fps: rate.denominator === 1 ? String(rate.numerator) : formatFrameRate(rate),
  });
}

function framesFailed(frames: readonly number[], cause: JobTotals["onlyCause"], folder: string): FarmError {
  const code = cause ? ` (${cause.code})` : "";
  const hint = cause?.hint ? `${cause.hint}. Then run` : "Mend what the messages above name and run";
  return new FarmError(
    "FARM_FRAMES_FAILED",
    `Cannot finish the video: ${counted(frames.length, "frame")} failed${code}: ${formatFrames(frames)}`,
    `${hint} the same command again: the other frames are kept in ${folder}`,
  );
}
