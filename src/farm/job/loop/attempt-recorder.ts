import type { NodeId } from "../../../core/node.ts";
import type { AttemptOutcome, AttemptRecord, AttemptTimes } from "../../../frames/attempt-record.ts";
import type { AttemptError, EventBody, Instruction, Notice } from "../../../scheduler/events.ts";
import type { SchedulerState } from "../../../scheduler/state/state.ts";
import type { Worker } from "../../worker.ts";

export interface AttemptRecorderOptions {
  readonly run: number;
  /** Nodes that have joined, including those lost since. */
  readonly infoOf: (node: NodeId) => Worker["info"] | undefined;
  readonly write: (record: AttemptRecord) => void;
}

/** An attempt that has not ended. */
interface OpenAttempt extends Pick<AttemptRecord, "frame" | "attempt" | "slot" | "device"> {
  readonly node: NodeId;
  readonly times: Omit<AttemptTimes, "ended">;
}

type Requeued = Extract<Notice, { type: "frame-requeued" }>;

/** Records each attempt when it ends, from the scheduler's events and instructions. It decides nothing. */
export class AttemptRecorder {
  readonly #options: AttemptRecorderOptions;
  readonly #open = new Map<number, OpenAttempt>();

  constructor(options: AttemptRecorderOptions) {
    this.#options = options;
  }

  /** The result is known, and with it the device that rendered it. */
  rendered(attempt: number, device: string): void {
    const open = this.#open.get(attempt);
    if (open) this.#open.set(attempt, { ...open, device });
  }

  /**
   * Follows one step of the scheduler.
   *
   * @param state After the step
   * @param atMs Time of the event
   */
  observe(event: EventBody, instructions: readonly Instruction[], state: SchedulerState, atMs: number): void {
    this.#noteEvent(event, state, atMs);
    const requeued = new Map<number, Requeued>();
    for (const instruction of instructions) {
      if (instruction.type === "assign") {
        const { frame, attempt, node, slot } = instruction;
        this.#open.set(attempt, { frame, attempt, node, slot, device: "", times: { ...noTimes, assigned: atMs } });
      } else if (instruction.type === "announce" && instruction.notice.type === "frame-requeued") {
        requeued.set(instruction.notice.attempt, instruction.notice);
      } else if (instruction.type === "fetch" && !this.#open.has(instruction.attempt)) {
        // The result belongs to an earlier link or run, or to an attempt that has been replaced.
        const { frame, attempt, node } = instruction;
        this.#open.set(attempt, {
          frame,
          attempt,
          node,
          slot: null,
          device: "",
          times: { ...noTimes, rendered: atMs },
        });
      }
    }
    const frames = framesIn(event, instructions);
    for (const open of this.#open.values()) {
      if (frames === null || frames.has(open.frame)) this.#closeIfEnded(open, requeued.get(open.attempt), state, atMs);
    }
    if (event.type === "frame-refused") this.#noteRefused(event, state, atMs);
  }

  /** The run ends, and with it the attempts that are still open. */
  end(atMs: number): void {
    for (const open of this.#open.values()) this.#close(open, "unfinished", null, atMs);
  }

  #noteEvent(event: EventBody, state: SchedulerState, atMs: number): void {
    if (event.type === "node-joined") {
      for (const { frame, attempt, slot } of event.running) {
        const known = this.#open.get(attempt);
        const times = known?.times ?? { ...noTimes, started: atMs };
        if (isLive(state, attempt))
          this.#open.set(attempt, { frame, attempt, node: event.node, slot, device: "", times });
      }
      return;
    }
    const name = "attempt" in event ? momentOf[event.type] : undefined;
    const open = "attempt" in event ? this.#open.get(event.attempt) : undefined;
    if (name === undefined || open === undefined || open.times[name] !== null) return;
    const slot = event.type === "attempt-started" ? event.slot : open.slot;
    this.#open.set(open.attempt, { ...open, slot, times: { ...open.times, [name]: atMs } });
  }

  #closeIfEnded(open: OpenAttempt, requeued: Requeued | undefined, state: SchedulerState, atMs: number): void {
    const past = state.frames.get(open.frame)?.history.find(({ attempt }) => attempt === open.attempt);
    if (past === undefined || past.end === "open") return;
    const known = requeued && { code: requeued.code, message: requeued.reason, hint: "", fault: "nobody" as const };
    this.#close(open, past.end, past.error ?? known ?? null, atMs);
  }

  /** FFmpeg refused a stored frame, perhaps of an earlier run: its attempt failed after all. */
  #noteRefused(
    { node, frame, error }: Extract<EventBody, { type: "frame-refused" }>,
    state: SchedulerState,
    atMs: number,
  ) {
    const failed = state.frames.get(frame)?.history.findLast((past) => past.node === node && past.end === "failed");
    if (failed === undefined) return;
    const { attempt } = failed;
    this.#close({ frame, attempt, node, slot: null, device: "", times: noTimes }, "failed", error, atMs);
  }

  #close(
    { frame, attempt, node, slot, device, times }: OpenAttempt,
    outcome: AttemptOutcome,
    error: AttemptRecord["error"] | AttemptError,
    atMs: number,
  ): void {
    this.#open.delete(attempt);
    const { run, infoOf, write } = this.#options;
    const { name = node.slice(0, 8), blender = "" } = infoOf(node) ?? {};
    const at = { ...times, ended: atMs };
    write({ run, frame, attempt, node: { id: node, name }, slot, blender, device, at, outcome, error });
  }
}

/** Frames whose attempts may have ended in this step; `null` for any frame. */
function framesIn(event: EventBody, instructions: readonly Instruction[]): ReadonlySet<number> | null {
  if (!("frame" in event)) return null;
  return new Set([event.frame, ...instructions.flatMap((order) => ("frame" in order ? order.frame : []))]);
}

const noTimes = { assigned: null, started: null, rendered: null, fetched: null, arrived: null };

/** Which time of an attempt an event gives. */
const momentOf: Partial<Record<EventBody["type"], keyof typeof noTimes>> = {
  "attempt-started": "started",
  "attempt-rendered": "rendered",
  "fetch-started": "fetched",
  "result-arrived": "arrived",
};

function isLive(state: SchedulerState, attempt: number): boolean {
  const known = state.attempts.get(attempt);
  return known !== undefined && known.recall !== "disregarded";
}
