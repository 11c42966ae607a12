import { counted, type FarmEvent, type Frame, type Sent } from "../../index.ts";
import { alarmEndedText } from "../texts/alarm-text.ts";
import { busyText } from "../texts/busy-text.ts";
import { estimateText } from "../texts/estimate-text.ts";
import { bakeText, hereText, otherwiseText } from "../texts/event-texts.ts";
import { farmspecText } from "../texts/farmspec-text.ts";
import { outputWords } from "../texts/output-words.ts";
import { etaOf } from "../texts/time-left.ts";
import { FrameCells, listedFrames } from "./frame-cells.ts";
import { tidy } from "./tidy.ts";
import { freeSlots, isRunning, withNode, withoutFrame, withRunning, withStored } from "./view-nodes.ts";
import type { Notice, ViewState } from "./view-state.ts";

const keptNotices = 40;
/** A scene with very many warnings must not fill memory or the screen. */
const keptNotes = 200;

/** Keys of notes that are taken back when they are over. */
const postponed = "encode:postponed";
const barred = ({ node }: { readonly node: string }) => `barred ${node}`;
const alarm = ({ name, message }: { readonly name: string; readonly message: string }) => `alarm ${name} ${message}`;

/**
 * The view's state after an event. Pure: the same events at the same times give the same view.
 *
 * @param atMs Monotonic time of the event, in milliseconds
 */
export function viewStateOf(state: ViewState, event: FarmEvent, atMs: number): ViewState {
  switch (event.type) {
    case "job:started": {
      const { makes, overrides } = event;
      const started = { ...state, job: { blend: tidy(event.blend), output: tidy(event.output), makes } };
      return overrides === null ? started : withNotice(started, "info", otherwiseText(overrides));
    }
    case "job:resumed": {
      const resumed = { ...state, cells: state.cells.withAll(listedFrames(event.range), "stored") };
      return withNotice(resumed, "info", `Continuing an earlier run: ${counted(event.stored, "frame")} already stored`);
    }
    case "job:checking":
      return withNotice(state, "info", `Checking ${counted(event.frames, "frame")} of an earlier run`);
    case "job:restarted":
      return withNotice(state, "info", `Starting over: ${event.reason}`);
    case "frames:outdated":
      return withNotice(state, "info", `Rendering ${event.range} again: ${event.reason}; kept in ${event.folder}`);
    case "machine:awake":
      return withNotice(state, "info", "This machine stays awake until the job ends (--allow-sleep lets it sleep)");
    case "discovery:scanned":
      return event.nodes === 0 ? withNotice(state, "info", "No node found on the network") : state;
    case "node:found":
      return withNode(state, event, (node) => ({
        name: tidy(event.name),
        blender: tidy(event.blender),
        status: "found",
        slots: freeSlots(node, atMs, event.slots),
      }));
    case "node:excluded":
    case "node:unreachable":
      return withNote(state, "warning", event.message, event.hint, alarm(event));
    case "alarm:ended":
      return withNotice(withoutNote(state, alarm(event)), "info", alarmEndedText(event));
    case "node:busy": {
      const busy = withNode(state, event, () => ({ status: "busy" }));
      return withNotice(busy, "info", busyText(event));
    }
    case "node:uploading": {
      const sent = sentOf(event);
      return withNode(state, event, () => ({ status: sent === null ? "loading" : "uploading", sent }));
    }
    case "node:receiving":
      return withNode(state, event, () => ({ sent: sentOf(event) }));
    case "node:joined": {
      const blender = tidy(event.blender);
      const joined = withNode(state, event, (node) => ({
        ...{ status: "ready", sent: null, blender },
        slots: freeSlots(node, atMs),
      }));
      return { ...joined, phase: state.phase === "waiting" ? "working" : state.phase };
    }
    case "node:lost": {
      const running = state.nodes.get(event.node)?.slots.map((slot) => slot.frame) ?? [];
      const lost = withNode(state, event, (node) => ({ status: "lost", sent: null, slots: freeSlots(node, atMs) }));
      return withNotice(requeued(lost, running), "warning", `${event.name} is gone: ${event.message}`);
    }
    case "node:barred": {
      const text = `${event.name} gets no more frames: ${event.reason}`;
      const without = withNode(state, event, () => ({ status: "barred" }));
      return withNote(without, "warning", text, "", barred(event));
    }
    case "node:forgiven": {
      const forgiven = withNode(withoutNote(state, barred(event)), event, () => ({ status: "ready" }));
      return withNotice(forgiven, "info", `${event.name} gets frames again`);
    }
    case "job:waiting":
      return { ...state, phase: isEnding(state) ? state.phase : "waiting", eta: null };
    case "here:idle":
      return withNote(state, "info", hereText(event));
    case "bake:progressed":
      return withNotice(state, "info", bakeText(event));
    case "bake:started":
    case "bake:long":
    case "bake:ended":
      return withNote(state, "info", bakeText(event));
    case "scene:read":
      return withScene(state, event);
    case "frame:started":
    case "frame:progressed": {
      const next = withRunning(state, event, atMs);
      return { ...next, cells: withStatus(next.cells, event.frame, "rendering") };
    }
    case "frame:stored": {
      const next = withStored(state, event, atMs);
      const { frame, seconds } = event;
      const isSlower = seconds > (state.slowest?.seconds ?? 0);
      const slowest = isSlower ? { frame, seconds, name: tidy(event.name) } : state.slowest;
      return { ...next, cells: next.cells.with(frame, "stored"), slowest };
    }
    case "frame:requeued": {
      const free = requeued(withoutFrame(state, event.frame, atMs, event.node), [event.frame]);
      return withNotice(free, "warning", `Frame ${event.frame} is rendered again: ${event.reason} (${event.name})`);
    }
    case "frame:refused": {
      const { frame, name, message } = event;
      const missing = { ...state, cells: state.cells.with(frame, "queued"), encoded: 0 }; // FFmpeg starts again
      return withNote(missing, "warning", `FFmpeg refuses frame ${frame}, which ${name} rendered: ${message}`);
    }
    case "frames:doubted":
      return { ...state, cells: state.cells.withAll(listedFrames(event.range), "queued"), encoded: 0 };
    case "frame:rendered":
    case "frame:checked":
      return state;
    case "frame:failed":
      return withFailure(state, event);
    case "job:progressed": {
      const eta = isEnding(state) ? null : etaOf(event);
      return { ...state, encoded: Math.max(state.encoded, event.encoded), eta: eta && { ...eta, atMs } };
    }
    case "encode:postponed": {
      const { writing } = outputWords(state.job?.makes);
      const text = `${writing} is postponed until all frames are stored: ${event.message}`;
      return { ...withNote(state, "warning", text, "", postponed), isEncodingPostponed: true, encoded: 0 };
    }
    case "warning":
      return withNote(state, "warning", `${event.message}${event.name === null ? "" : ` (${event.name})`}`);
    case "farmspec:saved":
      return withNote(state, "info", farmspecText(event));
    case "estimate:made":
      return withNotice(state, "info", estimateText(event));
    case "output:finishing":
      return withNotice(state, "info", "All frames are stored: finishing the output; Ctrl-C again stops now");
    case "job:completed":
      return withoutNote(state, postponed); // the output is whole
    case "run:started":
    case "pictures:written":
    case "passes:written": // the summary names the folder
    case "job:interrupted":
    case "job:estimated":
    case "job:failed":
      return state;
    case "job:draining":
      return { ...state, phase: state.phase === "stopping" ? state.phase : "draining", eta: null };
  }
}

/** @returns `null` if the node has everything */
function sentOf({ haveBytes, sizeBytes, filesLeft, bytesPerSecond, etaMs }: Sent): Sent | null {
  return filesLeft === 0 ? null : { haveBytes, sizeBytes, filesLeft, bytesPerSecond, etaMs };
}

/** The state after the user asked to stop at once: there is no event for that. */
export function stoppingView(state: ViewState): ViewState {
  return { ...state, phase: "stopping", eta: null };
}

function withScene(state: ViewState, event: Extract<FarmEvent, { type: "scene:read" }>): ViewState {
  const { firstFrame, lastFrame, width, height } = event;
  const scene = { name: tidy(event.scene), fps: tidy(event.fps), engine: tidy(event.engine) };
  return {
    ...state,
    phase: isEnding(state) ? state.phase : "working",
    scene: { ...scene, firstFrame, lastFrame, width, height },
    cells: FrameCells.of(listedFrames(event.range)),
  };
}

function isEnding({ phase }: ViewState): boolean {
  return phase === "draining" || phase === "stopping";
}

/** A stored frame stays stored, whatever late attempts at it report. */
function withStatus(cells: FrameCells, frame: Frame, status: "queued" | "rendering" | "failed"): FrameCells {
  return cells.statusOf(frame) === "stored" ? cells : cells.with(frame, status);
}

/** Puts those frames back in the queue that no other slot renders. */
function requeued(state: ViewState, frames: readonly (Frame | null)[]): ViewState {
  let { cells } = state;
  for (const frame of frames) {
    if (frame !== null && cells.statusOf(frame) === "rendering" && !isRunning(state, frame)) {
      cells = cells.with(frame, "queued");
    }
  }
  return { ...state, cells };
}

function withFailure(state: ViewState, event: Extract<FarmEvent, { type: "frame:failed" }>): ViewState {
  const { frame, message, hint } = event;
  const own = tidy(message);
  const isOneMore = !state.failures.has(own) && state.failures.size >= keptNotes;
  const text = isOneMore ? "for other reasons" : own;
  const frames = [...(state.failures.get(text)?.frames ?? []), frame];
  const failures = new Map(state.failures).set(text, {
    level: "error",
    text,
    hint: isOneMore ? "" : tidy(hint),
    frames,
  });
  const failed = { ...state, failures, cells: withStatus(state.cells, frame, "failed") };
  return withNotice(failed, "error", `Frame ${frame} failed: ${message}`);
}

/** Adds a notice. */
function withNotice(state: ViewState, level: Notice["level"], text: string, hint = ""): ViewState {
  return {
    ...state,
    notices: [...state.notices.slice(1 - keptNotices), { level, text: tidy(text), hint: tidy(hint) }],
  };
}

/** Adds a notice that is repeated in the summary, unless it is taken back. @param key Names it */
function withNote(state: ViewState, level: Notice["level"], text: string, hint = "", key = text): ViewState {
  const next = withNotice(state, level, text, hint);
  if (state.notes.has(key) || state.notes.size >= keptNotes) return next;
  return { ...next, notes: new Map(state.notes).set(key, { level, text: tidy(text), hint: tidy(hint) }) };
}

/** The summary does not repeat what is over. */
function withoutNote(state: ViewState, key: string): ViewState {
  if (!state.notes.has(key)) return state;
  const notes = new Map(state.notes);
  notes.delete(key);
  return { ...state, notes };
}
