import { systemClock } from "../../core/clock.ts";
import { FarmError } from "../../core/errors.ts";
import { formatFrames, orderFrames } from "../../core/frame-range.ts";
import type { Frame, NodeId } from "../../core/node.ts";
import { counted } from "../../core/text.ts";
import { forgetBaked } from "../../frames/baked-blend.ts";
import type { FrameRecord } from "../../frames/frame-record.ts";
import { FrameStore } from "../../frames/frame-store.ts";
import type { Run } from "../../frames/job-folder.ts";
import { defaultPolicy } from "../../scheduler/policy.ts";
import { createState, type SchedulerConfig } from "../../scheduler/state/state.ts";
import type { Fleet } from "../nodes/fleet.ts";
import { JobOutput } from "../output/job-output.ts";
import type { OutputFacts } from "../output/output-facts.ts";
import { overridesOf } from "../output/recorded-scene.ts";
import { RefusedFrames, refusedError } from "../output/refused-frames.ts";
import { resolveScene } from "../output/scene-facts.ts";
import { isPlayed } from "../output/simulations.ts";
import { possibleSound, soundPlanOf } from "../output/sound-plan.ts";
import { earlierAttempts } from "./attempt-counts.ts";
import { bakeScene, isOutdated, needsBake } from "./bake-scene.ts";
import { BlankFrames } from "./blank-frames.ts";
import {
  firstJoined,
  mismatchOf,
  recordJob,
  setStaleAside,
  tellOutdated,
  warnOfColors,
  warnOfFiles,
  warnOfOverrides,
  warnOfSimulations,
} from "./describe-job.ts";
import { DoubtedFrames } from "./doubted-frames.ts";
import { Trial } from "./estimate/trial.ts";
import { hearWarnings } from "./hear-warnings.ts";
import type { JobContext, RunOutcome } from "./job-context.ts";
import { JobSound } from "./job-sound.ts";
import { JobTotals } from "./job-totals.ts";
import type { JobInputs } from "./loop/job-inputs.ts";
import { JobLoop } from "./loop/job-loop.ts";
import { RunJournal } from "./loop/run-journal.ts";
import { NoNodeTimeout } from "./no-node-timeout.ts";
import { Samples } from "./samples.ts";
import { checkPlanOf, SpotChecks } from "./spot-checks.ts";

/**
 * How long the first node must wait for its first frame if it kept the job or had a frame refused: another node may
 * hold the frame, or should render it. Shorter than the loop's tick of a second.
 */
const hearOthersMs = 900;

/**
 * Renders and encodes, from the first node that has opened the blendfile to the finished output.
 *
 * @throws {FarmError} If rendering, storing or encoding fails; stored frames are kept
 */
export async function runJob(context: JobContext, run: Run, fleet: Fleet, inputs: JobInputs): Promise<RunOutcome> {
  const { settings, prepared, upcoming, refusedBefore, tell, drain, signal } = context;
  const { folder } = prepared;
  const noNodeTimeout = new NoNodeTimeout({ waitMs: settings.waitMs, fleet, clock: systemClock });
  const first = await firstJoined(inputs, fleet, noNodeTimeout, AbortSignal.any([drain, signal]));
  const facts = resolveScene(first.node.scene, settings, prepared.files);
  if (needsBake(first.node, context)) {
    // The copy would not tell them again.
    await hearWarnings(inputs, first.node, { settings, fleet, tell: (event) => fleet.tell(event) });
    return { type: "again", ...(await bakeScene(first.node, context, inputs)) };
  }
  if (isOutdated(first.node, context)) {
    await forgetBaked(folder.path);
    const { lostBakes, mayBakeLong } = context;
    return { type: "again", bake: "untried", lostBakes, mayBakeLong };
  }
  const earlier = await setStaleAside(context, run, facts);
  const outputFacts = await recordJob(context, facts);
  const { frames } = facts;

  await using store = await openStore(context, outputFacts);
  tellOutdated(context, store, earlier, facts);
  const inRuns = isPlayed(facts.simulations, settings.simulations);
  const trial = settings.estimate ? trialOf(context, store, frames, inputs) : null;
  const ordered = orderFrames(frames, inRuns ? "sequential" : settings.order);
  const order = trial === null ? ordered : [...new Set([...trial.frames, ...ordered])];
  upcoming.set(order, (frame) => store.has(frame));
  const alreadyStored = new Set(frames.filter((frame) => store.has(frame)));
  if (alreadyStored.size > 0) {
    tell({ type: "job:resumed", stored: alreadyStored.size, range: formatFrames(alreadyStored) });
  }
  const totals = new JobTotals(tell, alreadyStored.size);
  warnOfFiles(facts, totals);
  warnOfSimulations(facts, context, totals);
  warnOfColors(totals, prepared);
  warnOfOverrides(context, facts, totals);

  const plan = await possibleSound(soundPlanOf(facts, outputFacts, settings, prepared.format), prepared, signal);
  const sound = new JobSound({
    ...{ plan, folder: folder.path, tools: prepared.tools, totals, signal },
    key: { blend: prepared.blend.sha256, scene: facts.scene.name, files: facts.sent.all },
  });
  const refusedFrames = new RefusedFrames({
    ...{ before: refusedBefore, tell },
    recordOf: (frame) => store.recordOf(frame),
    setAside: ({ frame }, message) => store.setAside(frame, { refused: message }),
    onAside: ({ node, frame, seconds }, error) => {
      totals.discount(node.id, frame, seconds);
      loop.refused(node.id, frame, error);
    },
  });
  await using output = await JobOutput.open({
    ...{ facts: outputFacts, prepared, paths: settings, tell, signal },
    warn: (code, message) => totals.warn(code, message, null),
    job: { id: run.job, folder: folder.path },
    isApart: settings.jobDir !== undefined,
    pathOf: (frame) => (store.has(frame) ? store.pathOf(frame) : undefined),
    picturesOf: (frame) => store.picturesOf(frame),
    nodeOf: (frame) => store.recordOf(frame)?.node.id,
    sound: () => sound.take(),
    onRefused: async (refused) => {
      await refusedFrames.take(refused).catch((error: unknown) => {
        inputs.push({ type: "broken", error });
        throw error;
      });
    },
  });

  const nameOf = (node: NodeId) => fleet.nameOf(node);
  const doubted = new DoubtedFrames({
    ...{ tell, nameOf },
    recordOf: (frame) => store.recordOf(frame),
    drop: (frames) => output.drop(frames),
    setAside: ({ frame }, why) => store.setAside(frame, { doubted: why }),
    onAside: ({ node, frame, seconds }, error) => {
      totals.discount(node.id, frame, seconds);
      loop.doubted(node.id, frame, error);
    },
    onBroken: (error) => inputs.push({ type: "broken", error }),
  });
  const checks = new SpotChecks({
    ...{ totals, tell, nameOf, doubted, folder: folder.path, ffmpeg: prepared.tools?.ffmpeg, signal },
    pathOf: (frame) => store.pathOf(frame),
  });
  const framesOf = (node: NodeId) => store.stored.filter((frame) => store.recordOf(frame)?.node.id === node);
  const exclude = (node: NodeId, reason: FarmError) => fleet.exclude(node, reason);
  const samples = new Samples({ doubted, totals, nameOf, exclude, framesOf });
  const blanks = new BlankFrames({ frames, doubted, totals, accept: (frame) => output.accept(frame) });
  const refused = store.refusedBefore.filter(({ frame }) => !store.has(frame));
  const waitsForOthers = first.node.opened.resumed || refused.length > 0;
  const config = {
    ...configOf(run, order, inRuns, alreadyStored, waitsForOthers),
    ...(trial && { trial: trial.frames }),
  };
  using journal = new RunJournal({ run: run.run, infoOf: (node) => fleet.infoOf(node), folder, config, tell });
  using loop = new JobLoop({
    ...{ inputs, store, totals, journal, fleet, noNodeTimeout, signal, clock: systemClock },
    tell: (event) => {
      tell(event);
      trial?.hear(event);
    },
    state: createState(config),
    output: { encoded: () => output.encoded, accept: (frame) => blanks.stored(frame) },
    ...{ checks, samples, doubted, checkPlan: checkPlanOf(settings, frames.length, run.job) },
    overrides: overridesOf(settings),
    exclusionOf: (node) => mismatchOf(node, facts),
    onJoined: (worker) => sound.offer(worker),
    earlierAttempts: await earlierAttempts(folder, run),
    filesOf: (frame) => prepared.files.contents.frameDigest(frame),
  });
  // Not before: FFmpeg may refuse one of them.
  for (const frame of alreadyStored) blanks.stored(frame);
  for (const { node, frame, refused: message = "" } of refused) loop.refused(node.id, frame, refusedError(message));
  const onDrain = () => inputs.push({ type: "scheduler", event: { type: "drain-requested" } });
  drain.addEventListener("abort", onDrain, { once: true });
  if (drain.aborted) onDrain();
  trial?.begin();
  try {
    for (let outcome = await loop.run(first); ; outcome = await loop.run()) {
      if (outcome.type === "drained") {
        const tried = trial?.result;
        if (tried?.type === "failed") throw framesFailed(tried.frames, totals.onlyCause, folder.path);
        if (tried) return { type: "estimated", estimate: tried.estimate };
        return { type: "stopped", missing: outcome.missing.length };
      }
      if (outcome.type === "failed") throw framesFailed(outcome.frames, totals.onlyCause, folder.path);
      // The nodes stay until the output is finished: FFmpeg may refuse a frame, which must then be rendered again.
      const finished = await inputs.unreadWhile(
        () => output.finish(drain),
        (node, reason) => fleet.exclude(node, reason),
      );
      await doubted.idle; // a difference may still be measured
      if (finished !== null) return { type: "complete", facts, totals };
      await Promise.all([refusedFrames.idle, doubted.idle]);
    }
  } catch (error) {
    if (!signal.aborted || error instanceof FarmError) throw error;
    return { type: "stopped", missing: frames.filter((frame) => !store.has(frame)).length };
  } finally {
    drain.removeEventListener("abort", onDrain);
  }
}

/** @returns `null` if there would be nothing to estimate */
function trialOf(context: JobContext, store: FrameStore, frames: readonly Frame[], inputs: JobInputs): Trial | null {
  const { farm, tell, drain, signal, confirmEstimate: confirm } = context;
  return Trial.of({
    ...{ frames, farm, tell, confirm, signal: AbortSignal.any([drain, signal]) },
    secondsOf: (frame) => store.recordOf(frame)?.seconds,
    onEnd: (continues) => inputs.push({ type: "scheduler", event: { type: "trial-ended", continues } }),
    onBroken: (error) => inputs.push({ type: "broken", error }),
  });
}

function openStore(
  { prepared, tell, signal }: JobContext,
  { frameFormat: format, pictures }: OutputFacts,
): Promise<FrameStore> {
  const { framesFolder, framesLogPath: logPath } = prepared.folder;
  const onChecking = (frames: number) => tell({ type: "job:checking", frames });
  // Nothing else says which files the frame was rendered with.
  const isCurrent = ({ frame, files }: FrameRecord) => (files ?? null) === prepared.files.contents.frameDigest(frame);
  return FrameStore.open({ framesFolder, logPath, format, pictures, onChecking, isCurrent, signal });
}

function configOf(
  run: Run,
  frames: readonly Frame[],
  inRuns: boolean,
  alreadyStored: ReadonlySet<Frame>,
  waitsForOthers: boolean,
): SchedulerConfig {
  return {
    ...{ frames, alreadyStored, policy: { inRuns } },
    // Nodes may still hold attempts of an earlier run, so no number may be used twice.
    firstAttempt: (run.run - 1) * defaultPolicy.attemptsPerRun + 1,
    handsOutFrom: waitsForOthers ? systemClock.monotonicMs() + hearOthersMs : 0,
  };
}

function framesFailed(frames: readonly Frame[], cause: JobTotals["onlyCause"], folder: string): FarmError {
  const code = cause ? ` (${cause.code})` : "";
  const hint = cause?.hint ? `${cause.hint}. Then run` : "Fix what the messages above name and run";
  return new FarmError(
    "FARM_FRAMES_FAILED",
    `Cannot finish the job: ${counted(frames.length, "frame")} failed${code}: ${formatFrames(frames)}`,
    `${hint} the same command again: the other frames are kept in ${folder}`,
  );
}
