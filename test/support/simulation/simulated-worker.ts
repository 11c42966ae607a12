import { FarmError } from "../../../src/core/errors.ts";
import type { Frame } from "../../../src/core/node.ts";
import type { LoopInput } from "../../../src/farm/job/loop/job-inputs.ts";
import type { JoinedNode, Worker } from "../../../src/farm/worker.ts";
import type { EventBody, InstructionBody } from "../../../src/scheduler/events.ts";
import type { NodeReport } from "../../../src/session/node-report.ts";
import type { FrameResult, JobOpened } from "../../../src/session/protocol.ts";
import type { Sink } from "../../../src/session/transfer/incoming.ts";
import { type NodeBehaviour, SimulatedNode } from "./simulate-node.ts";

type AttemptOrder = Extract<InstructionBody, { frame: Frame }>;

/** A simulated node as a job sees it: a worker that reports like a real one. Its times are those of vitest's timers. */
export class SimulatedWorker implements Worker {
  readonly info: Worker["info"];
  readonly node: SimulatedNode;
  /** The frames whose results were fetched, in order. */
  readonly fetched: Frame[] = [];
  readonly #fetchMs: () => number;
  readonly #push: (input: LoopInput) => void;

  /** @param push Takes what the node reports */
  constructor(id: string, behaviour: NodeBehaviour, push: (input: LoopInput) => void) {
    this.info = { node: id, name: id, blender: "4.3.2", software: "0.1.0" };
    this.#push = push;
    this.#fetchMs = behaviour.fetchMs ?? (() => 0);
    const world = {
      after: (ms: number, action: () => void) => void setTimeout(action, ms),
      happen: (event: EventBody) => push(this.#inputOf(event)),
    };
    this.node = new SimulatedNode(id, behaviour, world, () => performance.now());
  }

  assign(slot: number, frame: Frame, attempt: number): Promise<void> {
    return this.#order({ type: "assign", node: this.info.node, slot, frame, attempt });
  }

  withdraw(frame: Frame, attempt: number): Promise<void> {
    return this.#order({ type: "withdraw", node: this.info.node, frame, attempt });
  }

  cancel(frame: Frame, attempt: number): Promise<void> {
    return this.#order({ type: "cancel", node: this.info.node, frame, attempt });
  }

  release(frame: Frame, attempt: number): Promise<void> {
    return this.#order({ type: "release", node: this.info.node, frame, attempt });
  }

  /** What it was asked to check. */
  plan: readonly [share: number | null, seed: number] | undefined;

  async check(share: number | null, seed: number): Promise<void> {
    this.plan = [share, seed];
  }

  async checkOrder(): Promise<[]> {
    return [];
  }

  async bake(): Promise<{ why: string }> {
    return { why: "it is simulated" };
  }

  async mix(): Promise<{ why: string }> {
    return { why: "it is simulated" };
  }

  async fetchBlob(): Promise<string> {
    return "it is simulated";
  }

  async fetch({ frame, attempt, sizeBytes }: FrameResult, sink: Sink): Promise<string | undefined> {
    this.fetched.push(frame);
    await new Promise((resolve) => setTimeout(resolve, this.#fetchMs()));
    if (!this.node.isLinked)
      throw new FarmError("FARM_LINK_LOST", "The simulated link is lost", "None: it is simulated");
    if (!this.node.holds(attempt)) return "it is gone";
    await sink(Buffer.alloc(sizeBytes));
    return undefined;
  }

  async #order(order: AttemptOrder): Promise<void> {
    this.node.receive({ ...order, cause: 0 });
  }

  #inputOf(event: EventBody): LoopInput {
    const { node } = this.info;
    if (event.type === "node-joined") return { type: "joined", node: this.#joined(event) };
    if (event.type === "node-lost") return { type: "lost", node };
    return { type: "report", node, report: reportOf(event) };
  }

  #joined({ running, held }: Extract<EventBody, { type: "node-joined" }>): JoinedNode {
    const opened: JobOpened = {
      type: "job-opened",
      job: "0".repeat(32),
      resumed: running.length + held.length > 0,
      attempts: running.map((attempt) => ({ ...attempt, slot: 0, state: "running" })),
      results: held.map(({ frame, attempt }) => resultOf(frame, attempt, 1)),
      slots: [],
    };
    return { worker: this, opened, scene: {} as JoinedNode["scene"] };
  }
}

/** What a node says about something that the scheduler of its simulation would be told. */
function reportOf(event: EventBody): NodeReport {
  const idle = { error: null, device: null };
  switch (event.type) {
    case "slot-ready":
      return { type: "slot-changed", slot: event.slot, state: "ready", ...idle };
    case "slot-lost":
      return { type: "slot-changed", slot: event.slot, state: "lost", ...idle };
    case "attempt-started":
      return { type: "frame-started", slot: event.slot, frame: event.frame, attempt: event.attempt };
    case "attempt-progressed":
      return { type: "frame-progress", slot: 0, frame: event.frame, attempt: event.attempt, steps: 1, fraction: null };
    case "attempt-rendered":
      return { type: "frame-rendered", result: resultOf(event.frame, event.attempt, event.seconds) };
    case "attempt-withdrawn":
      return { type: "frame-withdrawn", frame: event.frame, attempt: event.attempt };
    case "attempt-failed": {
      const { code, message, hint } = event.error;
      const error = { code, message, hint, log: [] };
      return { type: "frame-failed", slot: 0, frame: event.frame, attempt: event.attempt, error };
    }
    default:
      throw new Error(`No node reports ${event.type}`);
  }
}

function resultOf(frame: Frame, attempt: number, seconds: number): FrameResult {
  const format = { width: 32, height: 24, depth: 8, colorMode: "RGB" } as const;
  return { frame, attempt, slot: 0, sha256: "1".repeat(64), sizeBytes: 9, ...format, seconds, device: "CPU" };
}
