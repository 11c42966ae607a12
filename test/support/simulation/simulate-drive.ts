import type { EventBody, Instruction, InstructionBody } from "../../../src/scheduler/events.ts";
import { checkInvariants } from "../../../src/scheduler/state/invariants.ts";
import { createState, type SchedulerConfig, type SchedulerState } from "../../../src/scheduler/state/state.ts";
import { step } from "../../../src/scheduler/step.ts";
import { failure } from "./simulate-node.ts";

/** The scheduler, driven event by event by a test. Invariants are checked after each event. */
export class Drive {
  state: SchedulerState;
  #atMs = 0;
  #seq = 0;

  constructor(config: SchedulerConfig) {
    this.state = createState(config);
  }

  /** Lets virtual time pass without events. */
  wait(ms: number): this {
    this.#atMs += ms;
    return this;
  }

  /** The orders that result from one event, without their cause. */
  tell(body: EventBody): InstructionBody[] {
    const next = step(this.state, { ...body, at: this.#atMs, seq: ++this.#seq });
    this.state = next.state;
    checkInvariants(this.state);
    return next.instructions.map(withoutCause);
  }

  /** Joins a node without attempts and makes its slots ready; returns the resulting orders. */
  join(node: string, slots = 1): InstructionBody[] {
    const orders = this.tell({ type: "node-joined", node, running: [], held: [] });
    for (let slot = 0; slot < slots; slot++) orders.push(...this.tell({ type: "slot-ready", node, slot }));
    return orders;
  }

  statusOf(frame: number): string | undefined {
    return this.state.frames.get(frame)?.status;
  }
}

function withoutCause({ cause: _cause, ...body }: Instruction): InstructionBody {
  return body;
}

/** Lets the node render what it is assigned, one frame after another, until it gets nothing more. */
export function renderAll(drive: Drive, orders: readonly InstructionBody[]): InstructionBody[] {
  const all = [...orders];
  for (const order of all) {
    if (order.type !== "assign") continue;
    const { node, frame, attempt, slot } = order;
    const ref = { node, frame, attempt };
    const begun = drive.wait(1_000).tell({ type: "attempt-started", slot, ...ref });
    all.push(...begun);
    if (begun.some(({ type }) => type === "cancel")) {
      const cancelled = failure("CANCELLED", "nobody");
      all.push(...drive.tell({ type: "attempt-failed", error: cancelled, ...ref }));
      all.push(...drive.tell({ type: "slot-lost", node, slot }), ...drive.tell({ type: "slot-ready", node, slot }));
      continue;
    }
    all.push(...drive.wait(1_000).tell({ type: "attempt-rendered", seconds: 1, ...ref }));
    all.push(...drive.tell({ type: "frame-stored", ...ref }));
  }
  return all;
}
