import type { Frame, NodeId, SlotId } from "../core/node.ts";

/** A numbered attempt at a frame. Attempt numbers are unique within a job, across all of its runs. */
export interface AttemptRef {
  readonly frame: Frame;
  readonly attempt: number;
}

/** Who is to blame for a failed attempt, by its error code. */
export type Fault = "scene" | "node" | "nobody";

/** Why an attempt failed, as the node reported it. */
export interface AttemptError {
  readonly code: string;
  readonly message: string;
  readonly hint: string;
  readonly fault: Fault;
}

/**
 * Something that happened. `at` is in milliseconds on a monotonic scale. `seq` counts the events of a run from 1, so
 * that an instruction can name its cause and a recorded run can be replayed.
 */
export type SchedulerEvent = { readonly at: number; readonly seq: number } & EventBody;

export type EventBody =
  /**
   * A node has the job and its blendfile. `running` and `held` are attempts of this job that it kept from an earlier
   * link.
   */
  | {
      readonly type: "node-joined";
      readonly node: NodeId;
      readonly running: readonly (AttemptRef & { readonly slot: SlotId })[];
      readonly held: readonly AttemptRef[];
    }
  /** The link is lost, or the node left: nothing can be asked of it until it joins again. */
  | { readonly type: "node-lost"; readonly node: NodeId }
  /** The slot has loaded the scene and takes attempts. It may be reported again, for example when a job is resumed. */
  | { readonly type: "slot-ready"; readonly node: NodeId; readonly slot: SlotId }
  /** The slot's process ended; its attempts were reported before. */
  | { readonly type: "slot-lost"; readonly node: NodeId; readonly slot: SlotId }
  | ({ readonly type: "attempt-started"; readonly node: NodeId; readonly slot: SlotId } & AttemptRef)
  | ({ readonly type: "attempt-progressed"; readonly node: NodeId } & AttemptRef)
  /** An assigned attempt was not given to its node yet: the files of its frame are on their way there. */
  | ({ readonly type: "attempt-delayed"; readonly node: NodeId } & AttemptRef)
  /** The node holds a result; `seconds` is its render time. */
  | ({ readonly type: "attempt-rendered"; readonly node: NodeId; readonly seconds: number } & AttemptRef)
  | ({ readonly type: "attempt-failed"; readonly node: NodeId; readonly error: AttemptError } & AttemptRef)
  | ({ readonly type: "attempt-withdrawn"; readonly node: NodeId } & AttemptRef)
  /** The node was asked for the bytes of the result. Until then the `fetch` did not wait for the node. */
  | ({ readonly type: "fetch-started"; readonly node: NodeId } & AttemptRef)
  /** All bytes of the result have arrived. They are not checked and written yet; that no longer depends on the node. */
  | ({ readonly type: "result-arrived"; readonly node: NodeId } & AttemptRef)
  /** The result was fetched and checked, and is safely on disk: the answer to `fetch`. */
  | ({ readonly type: "frame-stored"; readonly node: NodeId } & AttemptRef)
  /** The fetched result is not valid (bytes, hash, size, frame number): it counts against the node. */
  | ({ readonly type: "result-refused"; readonly node: NodeId; readonly error: AttemptError } & AttemptRef)
  /** The result could not be fetched, and nobody is to blame: the link broke, or the node says why it does not have it. */
  | ({ readonly type: "result-lost"; readonly node: NodeId; readonly why?: string } & AttemptRef)
  /**
   * A stored frame was removed from the store, because FFmpeg refuses it. It counts against the node that rendered it,
   * and the frame is rendered again. It has an effect after `finish` too, if all frames were
   * stored. For a queued frame it means that the frame was refused in an earlier run.
   */
  | { readonly type: "frame-refused"; readonly node: NodeId; readonly frame: Frame; readonly error: AttemptError }
  /**
   * A stored frame was removed from the store, because it may be wrong. It has an effect after `finish` too. With an
   * error, other nodes render it first, or a new process of the same.
   */
  | {
      readonly type: "frame-doubted";
      readonly node: NodeId;
      readonly frame: Frame;
      readonly error: AttemptError | null;
    }
  /** Time passed; sent about once a second. */
  | { readonly type: "tick" }
  /** The frames of the trial are rendered: now the others are, or the job ends without them. */
  | { readonly type: "trial-ended"; readonly continues: boolean }
  /** Finish what runs, start nothing. */
  | { readonly type: "drain-requested" };

/** An order to the job loop. It names the event that caused it; each asynchronous one results in an event. */
export type Instruction = { readonly cause: number } & InstructionBody;

export type InstructionBody =
  | ({ readonly type: "assign"; readonly node: NodeId; readonly slot: SlotId } & AttemptRef)
  /** Ask for an assigned attempt back; kills nothing. */
  | ({ readonly type: "withdraw"; readonly node: NodeId } & AttemptRef)
  /** Stop a running attempt by killing its slot. */
  | ({ readonly type: "cancel"; readonly node: NodeId } & AttemptRef)
  /** Fetch, check and store the result: ends with `frame-stored`, `result-refused` or `result-lost`. */
  | ({ readonly type: "fetch"; readonly node: NodeId } & AttemptRef)
  /** The node may delete its copy of this result; a running `fetch` of it is no longer wanted. */
  | ({ readonly type: "release"; readonly node: NodeId } & AttemptRef)
  /** Something the user and the log should know; changes nothing. */
  | { readonly type: "announce"; readonly notice: Notice }
  /** The job has ended: nothing follows. It comes exactly once, and again if a frame is refused after it. */
  | { readonly type: "finish"; readonly outcome: Outcome };

export type Notice =
  /** `code` is the error's, or `null` if nobody is to blame. */
  | ({
      readonly type: "frame-requeued";
      readonly node: NodeId;
      readonly code: string | null;
      readonly reason: string;
    } & AttemptRef)
  /** The frame has failed, but a result that arrives before the job ends is still stored. */
  | { readonly type: "frame-failed"; readonly frame: Frame; readonly errors: readonly AttemptError[] }
  | { readonly type: "frame-speculated"; readonly frame: Frame; readonly node: NodeId }
  | { readonly type: "node-barred"; readonly node: NodeId; readonly reason: string }
  | { readonly type: "node-forgiven"; readonly node: NodeId }
  /** None of the node's slots does what it is told: it gets no frames until it joins again. */
  | { readonly type: "node-excluded"; readonly node: NodeId; readonly reason: string }
  | { readonly type: "scene-at-fault"; readonly error: AttemptError; readonly nodes: readonly NodeId[] };

export type Outcome =
  | { readonly type: "complete" }
  | { readonly type: "failed"; readonly frames: readonly Frame[] }
  /** After `drain-requested`; `missing` are the frames that are not stored. */
  | { readonly type: "drained"; readonly missing: readonly Frame[] };
