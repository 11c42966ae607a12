import type { BlobRef } from "../assets/blob-holders.ts";
import type { Frame } from "../core/node.ts";
import type { FrameResult, JobOpened, NodeInfo, SceneInfo } from "../session/protocol.ts";
import type { Sink } from "../session/transfer/incoming.ts";

/**
 * A node as a job uses it: a `NodeSession`, or a simulated node. Methods reject if their message cannot be sent; a lost
 * link is an event of its own.
 */
export interface Worker {
  readonly info: Pick<NodeInfo, "node" | "name" | "blender" | "software">;
  /** Gives a frame to a slot, under a new attempt number. */
  assign(slot: number, frame: number, attempt: number): Promise<void>;
  /** Takes back an attempt that waits in a slot; kills nothing. */
  withdraw(frame: number, attempt: number): Promise<void>;
  /** Ends a running attempt by killing its slot. */
  cancel(frame: number, attempt: number): Promise<void>;
  /**
   * Has some frames rendered again by new processes.
   *
   * @param share Of the time that frames take, what this may take; `null` to check every frame
   * @param seed Which frames; below 2³²
   */
  check(share: number | null, seed: number): Promise<void>;
  /** Finds out by experiment which of these frames depend on those before. */
  checkOrder(frames: readonly Frame[], signal: AbortSignal): Promise<CheckedFrames>;
  /**
   * Bakes simulations into a copy of the blendfile, which {@link fetchBlob} gets.
   *
   * @param limitSeconds How long that may take, and then each of two comparisons with the played scene
   */
  bake(limitSeconds: number, signal: AbortSignal): Promise<MadeBlob>;
  /** Mixes the sound of these frames down to a FLAC file, which {@link fetchBlob} gets. */
  mix(firstFrame: Frame, lastFrame: Frame, signal: AbortSignal): Promise<MadeBlob>;
  /** Fetches a file of the job that the node has. Returns and throws as {@link fetch}. */
  fetchBlob(blob: BlobRef, sink: Sink, signal: AbortSignal): Promise<string | undefined>;
  /** The node may delete its copy of this result. */
  release(frame: number, attempt: number): Promise<void>;
  /**
   * Fetches a result's bytes in order.
   *
   * @param picture The place of one of its pictures in the result's list; the PNG if it is absent
   * @returns Why the node does not have it any more; `undefined` once it was received
   * @throws {FarmError} `FARM_LINK_LOST`; `FARM_BAD_MESSAGE` when bytes are missing, out of order or too many; what the
   * sink threw
   */
  fetch(result: FrameResult, sink: Sink, signal: AbortSignal, picture?: number): Promise<string | undefined>;
}

/** A file that the node has made, or why there is none. */
export type MadeBlob = BlobRef | { readonly why: string };

/** Those frames that differ, or why the node could not find out. */
export type CheckedFrames = readonly OrderDifference[] | { readonly why: string };

/** A frame that comes out differently when it is jumped to, and some of the objects and data-blocks that differ. */
export interface OrderDifference {
  readonly frame: Frame;
  readonly what: readonly string[];
}

/** A node that has the job and its blendfile, on a live link. */
export interface JoinedNode {
  readonly worker: Worker;
  /** What it kept of the job from an earlier link. */
  readonly opened: JobOpened;
  readonly scene: SceneInfo;
}
