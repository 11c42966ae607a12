import type { Frame } from "../../index.ts";

/** One slot of a node, as far as events tell about it. */
export interface SlotView {
  /** The frame that it renders; `null` when it renders none. */
  readonly frame: Frame | null;
  /** The frame before: it may still be on its way into the store when the next one has begun. */
  readonly previous: Frame | null;
  /** How much of the frame is done, where the node can tell. */
  readonly fraction: number | null;
  /** When the frame began. */
  readonly sinceMs: number;
  /** Frames that were stored from it, and the seconds they took. */
  readonly frames: number;
  readonly seconds: number;
}

/** What a node is at. Only a node that is "ready" or "barred" has slots that render. */
export type NodeStatus = "found" | "uploading" | "loading" | "ready" | "busy" | "lost" | "barred";

export interface NodeView {
  readonly name: string;
  readonly blender: string;
  readonly status: NodeStatus;
  /** Part of the blendfile that it has, while it is uploaded. */
  readonly uploaded: number | null;
  readonly slots: readonly SlotView[];
  readonly frames: number;
  readonly seconds: number;
}
