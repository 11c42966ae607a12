import type { Frame, OutputKind } from "../../index.ts";
import type { Eta } from "../texts/time-left.ts";
import { FrameCells } from "./frame-cells.ts";
import type { SlotView } from "./node-view.ts";
import { NodeViews } from "./node-views.ts";

/** A message for the lines at the top. */
export interface Notice {
  readonly level: "info" | "warning" | "error";
  readonly text: string;
  /** What the user can do about it; empty if nothing. */
  readonly hint: string;
}

/** Frames that failed for the same reason. */
interface Failure extends Notice {
  readonly frames: readonly Frame[];
}

interface SceneView {
  readonly name: string;
  readonly firstFrame: Frame;
  readonly lastFrame: Frame;
  readonly fps: string;
  readonly width: number;
  readonly height: number;
  readonly engine: string;
}

/** Everything that the live view shows; only `viewStateOf` makes it, from events. Its texts are tidied. */
export interface ViewState {
  readonly phase: "discovering" | "working" | "waiting" | "draining" | "stopping";
  readonly startedMs: number;
  readonly job: { readonly blend: string; readonly output: string; readonly makes: OutputKind } | null;
  readonly scene: SceneView | null;
  readonly cells: FrameCells;
  /** In the order in which they appeared. */
  readonly nodes: NodeViews;
  /** The most recent ones, oldest first. */
  readonly notices: readonly Notice[];
  /** Notices that the summary repeats: each once, in order. */
  readonly notes: ReadonlyMap<string, Notice>;
  readonly failures: ReadonlyMap<string, Failure>;
  /** How many frames, from the first on, the encoder has taken. */
  readonly encoded: number;
  readonly isEncodingPostponed: boolean;
  readonly eta: (Eta & { readonly atMs: number }) | null;
  readonly slowest: { readonly frame: Frame; readonly seconds: number; readonly name: string } | null;
}

/** Before the first event. */
export function emptyView(atMs: number): ViewState {
  return {
    phase: "discovering",
    startedMs: atMs,
    job: null,
    scene: null,
    cells: FrameCells.of([]),
    nodes: NodeViews.none,
    notices: [],
    notes: new Map(),
    failures: new Map(),
    encoded: 0,
    isEncodingPostponed: false,
    eta: null,
    slowest: null,
  };
}

/** A slot that no event has mentioned yet. */
export function idleSlot(atMs: number): SlotView {
  return { frame: null, previous: null, fraction: null, sinceMs: atMs, frames: 0, seconds: 0 };
}

/** How many frames are being rendered now, each counted once. */
export function runningFrames(state: ViewState): number {
  const frames = new Set<Frame>();
  for (const node of state.nodes.values()) {
    for (const slot of node.slots) if (slot.frame !== null) frames.add(slot.frame);
  }
  return frames.size;
}
