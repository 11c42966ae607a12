import { formatFrames } from "../../core/frame-range.ts";
import type { NodeId } from "../../index.ts";
import type { FrameStatus } from "./frame-cells.ts";
import type { NodeView } from "./node-view.ts";
import type { Notice, ViewState } from "./view-state.ts";

/**
 * Everything that the live view shows, as plain JSON, for a viewer in another process. Frames are listed as in
 * `--frames`; times are monotonic milliseconds.
 */
export interface ViewSnapshot extends Omit<ViewState, "cells" | "nodes" | "notes" | "failures"> {
  readonly frames: Readonly<Record<FrameStatus, string>>;
  /** In the order in which they appeared. */
  readonly nodes: readonly (NodeView & { readonly id: NodeId })[];
  readonly notes: readonly Notice[];
  readonly failures: readonly (Notice & { readonly frames: string })[];
}

export function snapshotOf({ cells, nodes, notes, failures, ...rest }: ViewState): ViewSnapshot {
  const framesAt = (status: FrameStatus) =>
    formatFrames(cells.frames.filter((_, position) => cells.statusAt(position) === status));
  return {
    ...rest,
    frames: {
      queued: framesAt("queued"),
      rendering: framesAt("rendering"),
      stored: framesAt("stored"),
      failed: framesAt("failed"),
    },
    nodes: Array.from(nodes, ([id, view]) => ({ id, ...view })),
    notes: [...notes.values()],
    failures: Array.from(failures.values(), ({ frames, ...failure }) => ({ ...failure, frames: formatFrames(frames) })),
  };
}
