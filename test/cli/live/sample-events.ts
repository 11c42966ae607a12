import { viewStateOf } from "../../../src/cli/live/view-reducer.ts";
import { emptyView, type ViewState } from "../../../src/cli/live/view-state.ts";
import type { FarmEvent, OutputKind } from "../../../src/index.ts";

/** An event and its time. */
export interface Told {
  readonly atMs: number;
  readonly event: FarmEvent;
}

export interface Sample {
  readonly frames: number;
  /** Names of the nodes; each has one slot. */
  readonly nodes: readonly string[];
  /** How many frames are stored when the sample ends. */
  readonly stored: number;
  readonly secondsPerFrame?: number;
  /** Default: a video. */
  readonly makes?: OutputKind;
}

/** The events of a job until `stored` frames are stored; every node is rendering one more. */
export function sampleEvents({ frames, nodes, stored, secondsPerFrame = 2, makes = "video" }: Sample): Told[] {
  const told: Told[] = [];
  let atMs = 0;
  const tell = (event: FarmEvent) => told.push({ atMs, event });
  const halfSent = { haveBytes: 6e8, sizeBytes: 12e8, filesLeft: 212, bytesPerSecond: 4e7, etaMs: 15_000 };
  const named = (index: number) => ({ node: `id-${index}`, name: nodes[index] ?? "" });
  tell({
    type: "job:started",
    blend: "/home/ada/films/meadow.blend",
    output: "/home/ada/films/meadow.mp4",
    folder: "/f",
    makes,
    overrides: null,
  });
  for (const [index] of nodes.entries()) {
    tell({ type: "node:found", ...named(index), address: `10.0.0.${index}:7447`, blender: "4.3.2", slots: 1 });
    tell({ type: "node:uploading", ...named(index), ...halfSent });
  }
  atMs = 1_000;
  for (const [index] of nodes.entries()) tell({ type: "node:joined", ...named(index), blender: "4.3.2" });
  const scene = { scene: "Scene", frames, range: frames === 1 ? "1" : `1-${frames}`, firstFrame: 1, lastFrame: frames };
  tell({ type: "scene:read", ...scene, fps: "24", width: 1920, height: 1080, engine: "CYCLES" });
  for (let frame = 1; frame <= stored + nodes.length; frame++) {
    const index = (frame - 1) % nodes.length;
    const before = frame - nodes.length;
    if (before >= 1) {
      const seconds = secondsPerFrame;
      atMs += (1_000 * seconds) / nodes.length;
      tell({ type: "frame:stored", ...named(index), frame: before, seconds, stored: before, total: frames });
    }
    if (frame > frames) continue;
    tell({ type: "frame:started", ...named(index), frame, slot: 0 });
    tell({ type: "frame:progressed", ...named(index), frame, slot: 0, fraction: 0.25 });
  }
  const encoded = Math.max(0, stored - 4);
  const etaMs = ((frames - stored) * 1_000 * secondsPerFrame) / nodes.length;
  const etaRangeMs = [0.95, 1.05].map((share) => share * etaMs) as [number, number];
  tell({
    type: "job:progressed",
    stored,
    total: frames,
    nodes: nodes.length,
    running: nodes.length,
    encoded,
    etaMs,
    etaRangeMs,
  });
  return told;
}

export function replay(told: readonly Told[], state: ViewState = emptyView(0)): ViewState {
  return told.reduce((view, { event, atMs }) => viewStateOf(view, event, atMs), state);
}

export const fortyNodes = Array.from({ length: 40 }, (_, index) => `box-${String(index + 1).padStart(2, "0")}`);
