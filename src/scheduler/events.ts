import type { Frame, NodeId, SlotId } from "../core/node.ts";

/** One numbered try at one frame. Attempt numbers are unique within a job, over all of its runs. */
export interface AttemptRef {
  readonly frame: Frame;
  readonly attempt: number;
}

/** Whose fault a failed attempt is, as far as its error code tells. */
export type Fault = "scene" | "node" | "nobody";

/** Why an attempt failed, in the words of the node. */
export interface AttemptError {
  readonly code: string;
  readonly message: string;
  readonly hint: string;
  readonly fault: Fault;
}

/**
 * A past fact. `at` is in milliseconds on a scale that never goes back; `seq` counts the events of a run from 1, so that
 * an instruction can name its cause and a recorded run can be replayed.
 */
export type SchedulerEvent = { readonly at: number; readonly seq: number } & EventBody;

export type EventBody =
  /** A node has the job and its blendfile. `running` and `held` are what it kept of this job from an earlier link. */
  | {
      readonly type: "node-joined";
      readonly node: NodeId;
      readonly running: readonly (AttemptRef & { readonly slot: SlotId })[];
      readonly held: readonly AttemptRef[];
    }
  /** The link is gone, or the node left: nothing can be asked of it until it joins again. */
  | { readonly type: "node-lost"; readonly node: NodeId }
  /** The scene is loaded in this slot and it takes attempts. May be said again, as for the slots of a resumed job. */
  | { readonly type: "slot-ready"; readonly node: NodeId; readonly slot: SlotId }
  /** The slot's process ended; its attempts have been reported before. */
  | { readonly type: "slot-lost"; readonly node: NodeId; readonly slot: SlotId }
  | ({ readonly type: "attempt-started"; readonly node: NodeId; readonly slot: SlotId } & AttemptRef)
  | ({ readonly type: "attempt-progressed"; readonly node: NodeId } & AttemptRef)
  /** The node holds a result; `seconds` is its render time. */
  | ({ readonly type: "attempt-rendered"; readonly node: NodeId; readonly seconds: number } & AttemptRef)
  | ({ readonly type: "attempt-failed"; readonly node: NodeId; readonly error: AttemptError } & AttemptRef)
  | ({ readonly type: "attempt-withdrawn"; readonly node: NodeId } & AttemptRef)
  /** The node was asked for the bytes of the result: what a `fetch` waited for until then was not the node. */
  | ({ readonly type: "fetch-begun"; readonly node: NodeId } & AttemptRef)
  /** All bytes of the result have come. They are yet to be checked and written: whatever that waits for is not the node. */
  | ({ readonly type: "result-arrived"; readonly node: NodeId } & AttemptRef)
  /** The result was fetched, checked and is safely on disk: the answer to `fetch`. */
  | ({ readonly type: "frame-stored"; readonly node: NodeId } & AttemptRef)
  /** The result was fetched and is not valid (bytes, hash, size, frame number): it counts against the node. */
  | ({ readonly type: "result-refused"; readonly node: NodeId; readonly error: AttemptError } & AttemptRef)
  /** The result could not be had, and nobody is to blame: the link broke, or the node no longer holds it. */
  | ({ readonly type: "result-lost"; readonly node: NodeId } & AttemptRef)
  /**
   * A stored frame has left the store, because the output cannot be made with it: it counts against the node that rendered
   * it, and the frame is rendered again. The one event that is heard after `finish`, while all frames are stored. Of a frame
   * that is queued it says that it was refused in an earlier run.
   */
  | { readonly type: "frame-refused"; readonly node: NodeId; readonly frame: Frame; readonly error: AttemptError }
  /** Time passed; sent about once a second. */
  | { readonly type: "tick" }
  /** Finish what runs, start nothing. */
  | { readonly type: "drain-requested" };

/** An order. Each names the event that caused it, and each asynchronous one ends as an event. */
export type Instruction = { readonly cause: number } & InstructionBody;

export type InstructionBody =
  | ({ readonly type: "assign"; readonly node: NodeId; readonly slot: SlotId } & AttemptRef)
  /** Take an assigned attempt back; kills nothing. */
  | ({ readonly type: "withdraw"; readonly node: NodeId } & AttemptRef)
  /** End a running attempt by killing its slot. */
  | ({ readonly type: "cancel"; readonly node: NodeId } & AttemptRef)
  /** Get the result, check and store it: ends as `frame-stored`, `result-refused` or `result-lost`. */
  | ({ readonly type: "fetch"; readonly node: NodeId } & AttemptRef)
  /** The node may delete its copy of this result; a `fetch` of it that is under way is no longer wanted. */
  | ({ readonly type: "release"; readonly node: NodeId } & AttemptRef)
  /** Something the user and the log should know; changes nothing. */
  | { readonly type: "announce"; readonly notice: Notice }
  /** The job has ended: nothing follows. Comes exactly once, and once more when a frame was refused after it. */
  | { readonly type: "finish"; readonly outcome: Outcome };

export type Notice =
  /** `code` is that of the error, or `null` when nobody is to blame. */
  | ({
      readonly type: "frame-requeued";
      readonly node: NodeId;
      readonly code: string | null;
      readonly reason: string;
    } & AttemptRef)
  /** Given up, though a result that turns up before the job ends is still stored. */
  | { readonly type: "frame-failed"; readonly frame: Frame; readonly errors: readonly AttemptError[] }
  | { readonly type: "frame-speculated"; readonly frame: Frame; readonly node: NodeId }
  | { readonly type: "node-barred"; readonly node: NodeId; readonly reason: string }
  | { readonly type: "node-forgiven"; readonly node: NodeId }
  /** It has slots, and none of them does what it is told: nothing is given to it until it joins anew. */
  | { readonly type: "node-excluded"; readonly node: NodeId; readonly reason: string }
  | { readonly type: "scene-at-fault"; readonly error: AttemptError; readonly nodes: readonly NodeId[] };

export type Outcome =
  | { readonly type: "complete" }
  | { readonly type: "failed"; readonly frames: readonly Frame[] }
  /** After `drain-requested`; `missing` are the frames that are not stored. */
  | { readonly type: "drained"; readonly missing: readonly Frame[] };
