import { framesOfRange } from "../../../src/core/frame-range.ts";
import type { Frame, NodeId } from "../../../src/core/node.ts";
import type { EventBody, Instruction, Notice, Outcome, SchedulerEvent } from "../../../src/scheduler/events.ts";
import type { SchedulingPolicy } from "../../../src/scheduler/policy.ts";
import { checkInvariants } from "../../../src/scheduler/state/invariants.ts";
import { createState, type SchedulerConfig, type SchedulerState } from "../../../src/scheduler/state/state.ts";
import { step } from "../../../src/scheduler/step.ts";
import type { Dice } from "./simulate-dice.mjs";
import { SimulatedLiar } from "./simulate-liar.ts";
import { type NodeBehaviour, SimulatedNode } from "./simulate-node.ts";
import { Timeline } from "./simulate-timeline.ts";

export interface Simulation {
  /** A count means frames from 1. A list is assigned in its order. */
  readonly frames: number | readonly Frame[];
  readonly nodes: Readonly<Record<NodeId, NodeBehaviour>>;
  /** Nodes that try to spoil the job. */
  readonly liars?: Readonly<Record<NodeId, { readonly dice: Dice; readonly mayBlameTheScene: boolean }>>;
  readonly alreadyStored?: readonly Frame[];
  readonly firstAttempt?: number;
  readonly policy?: Partial<SchedulingPolicy>;
  readonly drainAt?: number;
  /** Virtual time after which an unfinished job counts as stuck. Default one day. */
  readonly limitMs?: number;
  /** Checking the invariants walks over the whole job; a large job is checked only after every n-th step. Default 1. */
  readonly checkEvery?: number;
  /** Between two ticks. Default one second. */
  readonly tickMs?: number;
}

/** The result of a simulated job. */
export interface SimulatedRun {
  readonly outcome: Outcome;
  readonly finishedAt: number;
  readonly stored: readonly Frame[];
  /** Frames in the order in which they were first stored. */
  readonly storedInOrder: readonly Frame[];
  readonly config: SchedulerConfig;
  readonly events: readonly SchedulerEvent[];
  readonly instructions: readonly Instruction[];
  readonly state: SchedulerState;
  readonly nodes: ReadonlyMap<NodeId, SimulatedNode>;
  /** Frames that each node finished rendering, whether or not the result was used. */
  renderedBy(node: NodeId): readonly Frame[];
  noticesOf<Type extends Notice["type"]>(type: Type): readonly Extract<Notice, { type: Type }>[];
  ordersOf<Type extends Instruction["type"]>(type: Type): readonly Extract<Instruction, { type: Type }>[];
  eventsOf<Type extends EventBody["type"]>(type: Type): readonly Extract<SchedulerEvent, { type: Type }>[];
}

const day = 24 * 60 * 60 * 1000;
/** A job in an endless loop takes no virtual time. Large jobs need a few steps per frame. */
const mostStepsPerFrame = 20_000;

export function seconds(count: number): number {
  return count * 1000;
}

export function minutes(count: number): number {
  return count * 60_000;
}

/**
 * Runs a job in virtual time: the real scheduler, simulated nodes, no waiting. Checks the invariants after the steps,
 * and that `finish` is ordered once and nothing after it.
 */
export function simulate(simulation: Simulation): SimulatedRun {
  const frames = typeof simulation.frames === "number" ? framesOfRange(1, simulation.frames, 1) : simulation.frames;
  const config: SchedulerConfig = {
    frames,
    alreadyStored: new Set(simulation.alreadyStored),
    firstAttempt: simulation.firstAttempt ?? 1,
    policy: simulation.policy ?? {},
  };
  const timeline = new Timeline();
  const events: SchedulerEvent[] = [];
  const instructions: Instruction[] = [];
  const storedInOrder = new Set<Frame>();
  let state = createState(config);
  let ended: { outcome: Outcome; at: number } | undefined;

  const happen = (body: EventBody) => {
    const event: SchedulerEvent = { ...body, at: timeline.nowMs, seq: events.length + 1 };
    const next = step(state, event);
    if (ended && next.instructions.length > 0) throw new Error("The scheduler continued after it had finished");
    if (ended) return;
    if (events.length > mostStepsPerFrame * (frames.length + 1)) throw new Error("The job is in an endless loop");
    events.push(event);
    state = next.state;
    if (body.type === "frame-stored" && state.frames.get(body.frame)) storedInOrder.add(body.frame);
    if (events.length % (simulation.checkEvery ?? 1) === 0) checkInvariants(state);
    for (const instruction of next.instructions) {
      if (ended) throw new Error("The scheduler gave an order after it had finished");
      instructions.push(instruction);
      if (instruction.type === "finish") ended = { outcome: instruction.outcome, at: event.at };
      else if (instruction.type !== "announce") simulated(instruction.node)?.receive(instruction);
      else if (instruction.notice.type === "node-excluded") exclude(instruction.notice.node);
    }
  };

  const nodes = new Map(
    Object.entries(simulation.nodes).map(([id, behaviour]) => {
      const world = { after: (ms: number, action: () => void) => timeline.after(ms, action), happen };
      return [id, new SimulatedNode(id, behaviour, world, () => timeline.nowMs)] as const;
    }),
  );
  const liars = new Map(
    Object.entries(simulation.liars ?? {}).map(([id, { dice, mayBlameTheScene }]) => {
      const world = { after: (ms: number, action: () => void) => timeline.after(ms, action), happen };
      const traits = { dice, mayBlameTheScene, frames, firstAttempt: config.firstAttempt ?? 1 };
      return [id, new SimulatedLiar(id, traits, world)] as const;
    }),
  );
  const simulated = (id: NodeId) => nodes.get(id) ?? liars.get(id);
  // After the orders of the step: the farm ends the link a moment later.
  const exclude = (id: NodeId) => timeline.after(0, () => simulated(id)?.exclude());
  if (simulation.drainAt !== undefined) timeline.after(simulation.drainAt, () => happen({ type: "drain-requested" }));
  const tick = () => {
    happen({ type: "tick" });
    timeline.after(simulation.tickMs ?? seconds(1), tick);
  };
  timeline.after(0, tick);
  const limitMs = simulation.limitMs ?? day;
  while (!ended) {
    timeline.next();
    if (timeline.nowMs > limitMs) throw new Error(`The job is stuck: ${JSON.stringify(state.frames.counts)}`);
  }
  // Nodes do not know yet that the job has ended: what they still report must do no harm.
  const afterEnd = timeline.nowMs + minutes(1);
  while (timeline.nowMs < afterEnd) timeline.next();
  checkInvariants(state);

  const { outcome, at: finishedAt } = ended as { outcome: Outcome; at: number };
  const notices = instructions.flatMap((instruction) => (instruction.type === "announce" ? instruction.notice : []));
  return {
    outcome,
    finishedAt,
    stored: state.frames.framesWith("stored"),
    storedInOrder: [...storedInOrder],
    config,
    events,
    instructions,
    state,
    nodes,
    renderedBy: (node) => nodes.get(node)?.rendered ?? [],
    noticesOf: (type) => notices.filter((item): item is Extract<Notice, { type: typeof type }> => item.type === type),
    ordersOf: (type) =>
      instructions.filter((order): order is Extract<Instruction, { type: typeof type }> => order.type === type),
    eventsOf: (type) =>
      events.filter((event): event is Extract<SchedulerEvent, { type: typeof type }> => event.type === type),
  };
}
