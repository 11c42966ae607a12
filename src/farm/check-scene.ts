import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { JobSettings } from "../config/job-settings.ts";
import { completeRequest, type JobRequest } from "../config/resolve-settings.ts";
import { systemClock } from "../core/clock.ts";
import { FarmError } from "../core/errors.ts";
import { formatFrames } from "../core/frame-range.ts";
import type { PictureForm } from "../core/pictures/picture-form.ts";
import type { SceneInfo } from "../session/protocol.ts";
import { removeEmptyFolder } from "../system/files/held-files.ts";
import type { FarmEvent, FarmListener } from "./events.ts";
import { mayBake } from "./job/bake-scene.ts";
import { beginRun, orderOf } from "./job/begin-run.ts";
import { firstJoined, warnOfColors, warnOfFiles, warnOfSimulations } from "./job/describe-job.ts";
import { FarmSize } from "./job/estimate/farm-size.ts";
import { hearWarnings } from "./job/hear-warnings.ts";
import type { JobContext, JobQuestions } from "./job/job-context.ts";
import { JobTotals } from "./job/job-totals.ts";
import { JobInputs } from "./job/loop/job-inputs.ts";
import { NoNodeTimeout } from "./job/no-node-timeout.ts";
import { prepareJob } from "./job/prepare-job.ts";
import { UpcomingFrames } from "./nodes/supply/upcoming-frames.ts";
import { openFleet } from "./open-fleet.ts";
import { type CheckedFile, checkedFiles } from "./output/checked-files.ts";
import { resolveScene } from "./output/scene-facts.ts";
import type { OrderDifference, Worker } from "./worker.ts";

/** What a render would do, as far as that is known before its first frame. */
export interface SceneCheck {
  readonly blend: string;
  /** The Blender version that saved it, as "3.4". */
  readonly savedBy: string;
  /** The nodes that were found and may take part. */
  readonly nodes: readonly { readonly name: string; readonly address: string; readonly blender: string }[];
  /** The version that would render; `null` if there is none. */
  readonly blender: string | null;
  /** `null` if the blendfile could not be opened or its scene cannot be rendered as asked. */
  readonly scene: CheckedScene | null;
  /** The files outside the blendfile; empty if it could not be opened. */
  readonly files: readonly CheckedFile[];
  /** What a render sends to a node besides the blendfile, each content once. */
  readonly toSend: { readonly files: number; readonly sizeBytes: number };
  /** Whether the order of frames matters, as an experiment shows; `null` if none was asked for or could be made. */
  readonly order: CheckedOrder | null;
  /** What a render would warn of. */
  readonly warnings: readonly { readonly code: string; readonly message: string; readonly name: string | null }[];
  /** Why a render would fail; `null` if nothing is known against it. */
  readonly error: FarmError | null;
}

/** The result of playing the scene to some frames, and of jumping to each of them with a new Blender. */
export interface CheckedOrder {
  readonly frames: readonly number[];
  /** Those at which both differ. */
  readonly differing: readonly OrderDifference[];
}

interface CheckedScene {
  readonly name: string;
  /** As `--frames` takes them. */
  readonly frames: string;
  readonly count: number;
  readonly fps: number;
  readonly width: number;
  readonly height: number;
  readonly engine: string;
  readonly camera: string | null;
  readonly colorMode: string;
  readonly depth: number;
  /** The pictures of each frame, unless a render asks for others. */
  readonly pictures: PictureForm;
  /** How a slot uses its Blender for this scene, and why; `null` if the node does not say. */
  readonly reuse: { readonly way: string; readonly why: string } | null;
}

export interface CheckOptions extends JobQuestions {
  /** Called with what happens until the blendfile is open (default: nobody is told). */
  readonly onEvent?: (event: FarmEvent) => void;
  readonly signal?: AbortSignal;
  /** Whether to find out by experiment if frames depend on those before: see `CheckedOrder` (default: no). */
  readonly isDeep?: boolean;
}

/** A blendfile; a check makes no output. */
export type CheckRequest = Omit<JobRequest, "output">;

/**
 * Does everything that comes before the first frame of a render, and renders nothing: finds the nodes, sends the
 * blendfile and its files to them, and lets the first one open it. Nothing is written beside the blendfile, and nothing
 * is left behind but what nodes have in their caches.
 *
 * @throws {FarmError} For a blendfile or settings that cannot be used. What is wrong later is in the result.
 */
export async function checkScene(request: CheckRequest, options: CheckOptions = {}): Promise<SceneCheck> {
  const folder = await mkdtemp(join(request.jobDir ?? tmpdir(), "renderfarm-check-"));
  try {
    // Pictures need no FFmpeg. Copies would be for nodes that come later, and none does. Nothing is rendered.
    const output = join(folder, "frame_####"); // as the scene says
    const settings = await completeRequest({ ...request, output, jobDir: undefined, keepBytes: 0, checks: "none" });
    return await check(settings, options);
  } finally {
    await removeEmptyFolder(folder).catch(() => {}); // the job folder in it has removed itself
  }
}

async function check(settings: JobSettings, options: CheckOptions): Promise<SceneCheck> {
  const { onEvent = () => {}, signal = new AbortController().signal, isDeep = false, ...questions } = options;
  const seen = new SeenEvents();
  const tell = (event: FarmEvent) => {
    seen.note(event);
    onEvent(event);
  };
  // What is checked is a video as well: its sound must be there too.
  await using prepared = await prepareJob(settings, signal, true);
  const never = new AbortController().signal;
  const context: JobContext = {
    ...{ settings, prepared, tell, upcoming: new UpcomingFrames(), refusedBefore: new Map(), ...questions },
    ...{
      farm: new FarmSize(),
      drain: never,
      signal,
      bake: mayBake(settings) ? "untried" : "failed",
      isEarlierBake: false,
      lostBakes: 0,
      mayBakeLong: false,
    },
  };
  const known = { blend: settings.blend, savedBy: prepared.savedBy };
  let blender: string | null = null;
  try {
    const inputs = new JobInputs();
    await using fleet = openFleet({ ...context, settings: { ...settings, notHere: true } }, (event) =>
      inputs.push(event),
    );
    blender = await fleet.chooseVersion(signal);
    fleet.begin(orderOf(context, await beginRun(context, blender)));
    const noNodeTimeout = new NoNodeTimeout({ waitMs: settings.waitMs, fleet, clock: systemClock });
    const { node } = await firstJoined(inputs, fleet, noNodeTimeout, signal);
    await hearWarnings(inputs, node, { settings, fleet, tell });
    const files = checkedFiles(node.scene.references, prepared.files);
    const { scene, frames, error } = sceneOf(node.scene, context);
    const order = isDeep && frames.length > 0 ? await orderOfFrames(node.worker, frames, tell, signal) : null;
    const toSend = prepared.files.contents.total;
    return { ...known, blender, files, toSend, scene, order, error, ...seen.result };
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof FarmError)) throw error;
    const toSend = { files: 0, sizeBytes: 0 };
    return { ...known, blender, files: [], toSend, scene: null, order: null, error, ...seen.result };
  }
}

/**
 * Plays to the first, the middle and the last frame, and jumps to them.
 *
 * @returns `null` if that cannot be done, which has been told
 */
async function orderOfFrames(
  worker: Worker,
  frames: readonly number[],
  tell: FarmListener,
  signal: AbortSignal,
): Promise<CheckedOrder | null> {
  const sorted = [...frames].sort((one, other) => one - other);
  const chosen = [0, Math.floor((sorted.length - 1) / 2), sorted.length - 1].map((at) => sorted[at] ?? 0);
  const tried = [...new Set(chosen)];
  const differing = await worker.checkOrder(tried, signal).catch((error: unknown) => {
    signal.throwIfAborted();
    if (error instanceof FarmError) return { why: error.message }; // the link was lost, for example
    throw error;
  });
  if (!("why" in differing)) return { frames: tried, differing };
  const message = `Cannot find out if the order of frames matters: ${differing.why}`;
  tell({ type: "warning", code: "ORDER_UNKNOWN", message, name: worker.info.name });
  return null;
}

/** What a render would say about the scene, its frames, and why it would refuse it. */
function sceneOf(
  info: SceneInfo,
  context: JobContext,
): Pick<SceneCheck, "scene" | "error"> & { readonly frames: readonly number[] } {
  const { settings, prepared, tell } = context;
  const totals = new JobTotals(tell, 0);
  warnOfColors(totals, prepared);
  try {
    const facts = resolveScene(info, { ...settings, missing: "warn" }, prepared.files);
    // A missing file is an error below, unless the user allows it.
    warnOfSimulations(facts, context, totals);
    warnOfFiles(settings.missing === "warn" ? facts : { ...facts, missing: [] }, totals);
    const { name, fps, fpsBase, width, height, engine, camera, colorMode, depth } = facts.scene;
    const scene = {
      ...{ name, frames: formatFrames(facts.frames), count: facts.frames.length, fps: fps / fpsBase },
      ...{ width, height, engine, camera, colorMode, depth, pictures: facts.pictures },
      reuse: info.reuse ?? null,
    };
    return { scene, frames: facts.frames, error: errorOf(() => resolveScene(info, settings, prepared.files)) };
  } catch (error) {
    if (error instanceof FarmError) return { scene: null, frames: [], error };
    throw error;
  }
}

function errorOf(work: () => unknown): FarmError | null {
  try {
    work();
    return null;
  } catch (error) {
    if (error instanceof FarmError) return error;
    throw error;
  }
}

/** Collects what the result tells of the nodes. */
class SeenEvents {
  readonly #nodes = new Map<string, SceneCheck["nodes"][number]>();
  readonly #warnings = new Map<string, SceneCheck["warnings"][number]>();

  note(event: FarmEvent): void {
    if (event.type === "node:found") {
      const { node, name, address, blender } = event;
      this.#nodes.set(node, { name, address, blender });
    } else if (event.type === "alarm:ended") this.#takeBack(event.message, event.name);
    else if (event.type === "warning") this.#warn(event.code, event.message, event.name);
    else if (event.type === "node:excluded") this.#warn(event.code, event.message, event.name);
    else if (event.type === "node:unreachable") this.#warn("FARM_NODE_UNREACHABLE", event.message, event.name);
  }

  get result(): Pick<SceneCheck, "nodes" | "warnings"> {
    return { nodes: [...this.#nodes.values()], warnings: [...this.#warnings.values()] };
  }

  #warn(code: string, message: string, name: string | null): void {
    this.#warnings.set(`${code} ${message} ${name}`, { code, message, name });
  }

  #takeBack(message: string, name: string): void {
    for (const [key, warning] of this.#warnings) {
      if (warning.message === message && warning.name === name) this.#warnings.delete(key);
    }
  }
}
