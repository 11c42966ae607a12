import type { Frame, Sent } from "../../index.ts";

/** One slot of a node, as known from events. */
export interface SlotView {
  /** The frame that the slot renders; `null` if none. */
  readonly frame: Frame | null;
  /** The frame before it: it may not be stored yet when the next one starts. */
  readonly previous: Frame | null;
  /** How much of the frame is done, if the node knows. */
  readonly fraction: number | null;
  /** When the frame was started. */
  readonly sinceMs: number;
  /** Stored frames that this slot rendered, and the seconds they took. */
  readonly frames: number;
  readonly seconds: number;
}

/** What a node is doing. Only a "ready" or "barred" node has slots that render. */
type NodeStatus = "found" | "uploading" | "loading" | "ready" | "busy" | "lost" | "barred";

export interface NodeView {
  readonly name: string;
  readonly blender: string;
  readonly status: NodeStatus;
  /** What is being sent to it; `null` if nothing is. */
  readonly sent: Sent | null;
  readonly slots: readonly SlotView[];
  readonly frames: number;
  readonly seconds: number;
}
