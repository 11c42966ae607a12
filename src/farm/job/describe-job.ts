import { FarmError } from "../../core/errors.ts";
import { formatFrames } from "../../core/frame-range.ts";
import type { PictureForm } from "../../core/pictures/picture-form.ts";
import { counted, printable } from "../../core/text.ts";
import { formatFrameRate } from "../../encode/frame-rate.ts";
import type { FrameStore } from "../../frames/frame-store.ts";
import type { Run } from "../../frames/job-folder.ts";
import type { Fleet } from "../nodes/fleet.ts";
import { tooOld } from "../nodes/refuse-lacking.ts";
import { type OutputFacts, outputFactsOf, parseFacts, recordFacts } from "../output/output-facts.ts";
import { missingIn, type SceneFacts, type SentFacts } from "../output/scene-facts.ts";
import { warningsOf } from "../output/simulations.ts";
import type { JoinedNode } from "../worker.ts";
import type { JobContext } from "./job-context.ts";
import type { JobTotals } from "./job-totals.ts";
import type { JobInputs, LoopInput } from "./loop/job-inputs.ts";
import type { NoNodeTimeout } from "./no-node-timeout.ts";
import type { PreparedJob } from "./prepare-job.ts";

/** How often the time without a node is checked. */
const lookEveryMs = 1_000;

type Joined = Extract<LoopInput, { type: "joined" }>;

/** Waits for the first node that has opened the blendfile, and so knows what there is to render. */
export async function firstJoined(
  inputs: JobInputs,
  fleet: Fleet,
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
      if (input.type === "excluded" && !fleet.isAlive) throw input.reason;
      noNodeTimeout.look(undefined);
    }
  } finally {
    clearInterval(timer);
    signal.removeEventListener("abort", wake);
  }
  throw new Error("The nodes' events ended before the job");
}

/**
 * Sets the frames of an earlier run aside if a file that all frames need has changed since.
 *
 * @returns What was sent in the earlier run; `null` if there was none
 */
export async function setStaleAside(
  { prepared, tell }: JobContext,
  run: Run,
  facts: SceneFacts,
): Promise<SentFacts | null> {
  const { folder } = prepared;
  const earlier = parseFacts(folder.previous?.facts ?? null);
  if (run.run === 1 || earlier === null) return null;
  const isSame = earlier.files === facts.files && earlier.inPlace === facts.inPlace;
  if (isSame && earlier.sent.series === facts.sent.series) return earlier.sent;
  const aside = await folder.setFramesAside();
  if (aside === null) return earlier.sent;
  const kept = `${counted(aside.frames, "old frame")} kept in ${aside.folder}`;
  tell({ type: "job:restarted", reason: `${whatChanged(earlier.sent, facts.sent)}; ${kept}` });
  return earlier.sent;
}

/** Reports the frames of an earlier run whose own files have changed since. */
export function tellOutdated(
  { tell }: JobContext,
  { outdated }: Pick<FrameStore, "outdated">,
  earlier: SentFacts | null,
  { sent }: SceneFacts,
): void {
  if (outdated === null) return;
  const { frames, folder, lackPictures } = outdated;
  const reason = lackPictures ? "they lack pictures that are wanted now" : whatChanged(earlier ?? sent, sent);
  tell({ type: "frames:outdated", frames: frames.length, range: formatFrames(frames), reason, folder });
}

/** Names the files that were sent before, and are different now. */
function whatChanged({ digests: before }: SentFacts, { digests: now }: SentFacts): string {
  const [first, ...others] = [...before].filter(([path, digest]) => now.get(path) !== digest).map(([path]) => path);
  if (first === undefined) return "a file that the scene uses has changed";
  const more = others.length > 0 ? ` and ${counted(others.length, "other file")} have changed` : " has changed";
  return `${printable(first)}${more}`;
}

/** Records and reports what there is to render. From now on the job folder is kept. */
export async function recordJob(context: JobContext, facts: SceneFacts): Promise<OutputFacts> {
  const { settings, prepared, tell } = context;
  const outputFacts = outputFactsOf(facts, settings, prepared.format);
  await prepared.folder.writeFacts(recordFacts(facts, outputFacts, settings));
  prepared.keep();
  const { scene, frames } = facts;
  const { width, height, engine } = scene;
  const { rate } = outputFacts;
  tell({
    type: "scene:read",
    ...{ scene: scene.name, frames: frames.length, range: formatFrames(frames), width, height, engine },
    firstFrame: frames[0] ?? 0,
    lastFrame: frames.at(-1) ?? 0,
    fps: rate.denominator === 1 ? String(rate.numerator) : formatFrameRate(rate),
  });
  return outputFacts;
}

const mostMovedShown = 10;

/** Warns of files that are missing, and of those that were found elsewhere than the blendfile says. */
export function warnOfFiles({ missing, unheard, moved }: SceneFacts, totals: JobTotals): void {
  for (const name of unheard) totals.warn("FILE_MISSING", `${name} is missing, and cannot be heard`, null);
  for (const name of missing) totals.warn("FILE_MISSING", `${name} is missing, and was not rendered`, null);
  for (const names of [...moved].slice(0, mostMovedShown)) {
    const [path, found] = names.map(printable);
    totals.warn("FILE_FOUND", `${path} is not on this machine: ${found} was used in its place`, null);
  }
  const more = moved.size - mostMovedShown;
  if (more > 0) totals.warn("FILE_FOUND", `${counted(more, "other file")} likewise`, null);
}

/** Warns of simulations that are not baked. */
export function warnOfSimulations(
  { simulations }: SceneFacts,
  { settings, bake }: JobContext,
  totals: JobTotals,
): void {
  const what = settings.simulations === "ignore" ? "ignored" : bake === "untried" ? "baked" : "played";
  for (const [code, message] of warningsOf(simulations, what)) totals.warn(code, message, null);
}

/** Warns of a color configuration that the artist's Blender has from the environment, and nodes do not get. */
export function warnOfColors(totals: JobTotals, { unsentColors }: Pick<PreparedJob, "unsentColors">): void {
  if (unsentColors === null) return;
  const where = `OCIO is ${printable(unsentColors)} on this machine, which is not in the blendfile's folder or an --asset-root`;
  totals.warn("OCIO_NOT_SENT", `${where}: nodes have their own colors unless OCIO is set there too`, null);
}

/** Warns of what the job asks for and cannot have. */
export function warnOfOverrides({ settings, prepared }: JobContext, { pictures }: SceneFacts, totals: JobTotals): void {
  const { transparent, timeLimit, checks, format: asked } = settings;
  const { format } = prepared;
  if (asked !== undefined && format.kind === "sequence" && !format.formats.includes(asked)) {
    const message = `--format ${asked} is not used: the output's extension says ${format.formats.join(" or ")}`;
    totals.warn("FORMAT_UNUSED", message, null);
  }
  const isJpeg = format.kind === "sequence" && pictures.format === "jpeg";
  if (transparent && (isJpeg || !format.canHaveAlpha)) {
    const message = "The output can have no alpha channel: what is transparent is black in it";
    totals.warn("NO_ALPHA", message, null);
  }
  if (timeLimit !== undefined && checks !== "auto" && checks !== "none") {
    const message = "No frame is checked by rendering it again: under --time-limit, no two renders are the same";
    totals.warn("CHECKS_OFF", message, null);
  }
}

/** Whether frames of both fit into one store. */
function isSameForm(one: PictureForm, other: PictureForm): boolean {
  const { format, depth, numbered } = one;
  const isSame = format === other.format && depth === other.depth && numbered === other.numbered;
  return isSame && String(one.suffixes) === String(other.suffixes);
}

/**
 * The error for a node that cannot render with the first one: its files differ, so its frames would look different, or it
 * cannot send what belongs to a frame. `undefined` if it can.
 */
export function mismatchOf(node: JoinedNode, facts: SceneFacts): FarmError | undefined {
  const { worker, scene } = node;
  const { files, missing, pictures } = facts;
  if (scene.pictures !== undefined && !isSameForm(scene.pictures, pictures)) {
    return new FarmError(
      "FARM_NODE_EXCLUDED",
      `Cannot use ${worker.info.name}: its Blender writes other pictures of this scene than that of the first node`,
      "Use the same Blender version on all nodes",
    );
  }
  if (pictures.nodes > 0 && scene.pictures === undefined) {
    const otherwise = "--passes off renders without those pictures";
    return tooOld(worker.info, "send the pictures of File Output nodes", otherwise);
  }
  const lacking = missingIn(scene).filter((name) => !missing.includes(name));
  const [first] = lacking;
  if (first === undefined && scene.files === files) return undefined;
  const more = lacking.length > 1 ? ` and ${counted(lacking.length - 1, "other file")}` : "";
  const why =
    first === undefined
      ? "files that the scene uses differ there from those on the first node"
      : `${first}${more}, which the first node has, cannot be found there`;
  return new FarmError(
    "FARM_NODE_EXCLUDED",
    `Cannot use ${worker.info.name}: ${why}`,
    "Put them into the blendfile's folder or an --asset-root, so that they are sent, or make them the same on all nodes",
  );
}
