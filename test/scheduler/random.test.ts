import { expect, test } from "vitest";
import { framesOfRange, orderFrames } from "../../src/core/frame-range.ts";
import type { EventBody } from "../../src/scheduler/events.ts";
import { checkInvariants } from "../../src/scheduler/state/invariants.ts";
import { createState } from "../../src/scheduler/state/state.ts";
import { step } from "../../src/scheduler/step.ts";
import { fuzzRuns, fuzzTimeoutMs } from "../support/fuzz/fuzz-seed.ts";
import { simulate } from "../support/simulation/simulate.ts";
import { Dice } from "../support/simulation/simulate-dice.mjs";
import { failure, type NodeBehaviour } from "../support/simulation/simulate-node.ts";

const hour = 3_600_000;

function randomNode(dice: Dice): NodeBehaviour {
  const speed = dice.between(200, 20_000);
  const joins = dice.chance(0.3) ? dice.between(0, 60_000) : 0;
  const leaves = joins + dice.between(1000, 120_000);
  const failureShare = dice.chance(0.25) ? dice.between(0, 100) / 100 : 0;
  const freezeShare = dice.chance(0.1) ? 0.1 : 0;
  const refusalShare = dice.chance(0.1) ? dice.between(0, 100) / 100 : 0;
  const lossShare = dice.chance(0.1) ? dice.between(0, 100) / 100 : 0;
  const latencyMs = dice.chance(0.5) ? dice.between(1, 500) : 0;
  const way = dice.pick(["stays", "stays", "dies", "unplugged"] as const);
  return {
    msPerFrame: () => Math.round(speed * (0.5 + dice.next())),
    slots: dice.between(1, 3),
    joins,
    slotStartMs: dice.between(0, 5000),
    latencyMs: () => dice.between(0, latencyMs),
    fetchMs: () => dice.between(0, 2 * latencyMs),
    fails: () => (dice.chance(failureShare) ? randomFailure(dice) : undefined),
    freezes: () => dice.chance(freezeShare),
    refuses: () => dice.chance(refusalShare),
    loses: () => dice.chance(lossShare),
    ...(way === "dies" ? { dies: leaves } : {}),
    ...(way === "unplugged" ? { unplugged: leaves } : {}),
    ...(way === "stays" || dice.chance(0.2) ? {} : { returns: leaves + dice.between(1, 300_000) }),
  };
}

function randomFailure(dice: Dice) {
  const code = dice.pick(["CRASHED", "RENDER_FAILED", "OUT_OF_MEMORY", "NO_OUTPUT"]);
  return failure(code, code === "OUT_OF_MEMORY" ? "node" : "scene");
}

test.each([1, 2])("random jobs end, each frame stored or failed, and none breaks an invariant (%d)", (part) => {
  const outcomes = new Map<string, number>();
  for (let seed = part * 1_000_000; seed < part * 1_000_000 + fuzzRuns(1000); seed++) {
    const dice = new Dice(seed);
    const frames = orderFrames(
      framesOfRange(-3, dice.between(-3, 20), 1),
      dice.pick(["sequential", "spread"] as const),
    );
    const nodes: Record<string, NodeBehaviour> = {};
    const count = dice.between(1, 4);
    for (let index = 0; index < count; index++) nodes[`node${index}`] = randomNode(dice);
    // A node that joins late and stays, so that every job can end.
    nodes.last = { msPerFrame: 5000, joins: dice.between(0, 400_000) };
    const drain = dice.chance(0.1) ? { drainAt: dice.between(0, 120_000) } : {};

    try {
      const run = simulate({ frames, nodes, tickMs: 5000, limitMs: 100 * hour, ...drain });

      outcomes.set(run.outcome.type, (outcomes.get(run.outcome.type) ?? 0) + 1);
      if (run.outcome.type === "complete") expect(run.stored).toHaveLength(frames.length);
      for (const node of run.nodes.values()) expect(node.overflows).toBe(0);
    } catch (error) {
      throw new Error(`Seed ${seed}: ${error instanceof Error ? error.message : error}`, { cause: error });
    }
  }
  expect(outcomes.get("complete")).toBeGreaterThan(fuzzRuns(500));
});

test(
  "events in any order, including nonsensical ones, break no invariant and never throw",
  () => {
    for (let seed = 1; seed <= fuzzRuns(1000); seed++) {
      const dice = new Dice(seed);
      let state = createState({ frames: framesOfRange(1, 6, 1), firstAttempt: 5 });
      const known: { frame: number; attempt: number; node: string; slot: number }[] = [];
      let at = 0;
      for (let seq = 1; seq <= 120; seq++) {
        at += dice.chance(0.05) ? dice.between(0, 1_500_000) : dice.between(0, 5000);
        const next = step(state, { ...senselessEvent(dice, known), at, seq });
        state = next.state;
        for (const order of next.instructions) if (order.type === "assign") known.push(order);
        try {
          checkInvariants(state);
        } catch (error) {
          throw new Error(`Seed ${seed}, event ${seq}: ${error instanceof Error ? error.message : error}`, {
            cause: error,
          });
        }
      }
    }
  },
  fuzzTimeoutMs,
);

function senselessEvent(
  dice: Dice,
  known: readonly { frame: number; attempt: number; node: string; slot: number }[],
): EventBody {
  const node = dice.pick(["a", "b", "c"]);
  const slot = dice.between(0, 1);
  const madeUp = { frame: dice.between(0, 7), attempt: dice.between(1, 40), node, slot };
  const recent = known.length > 0 ? dice.pick(known.slice(-8)) : madeUp;
  const about = dice.chance(0.85) ? recent : madeUp;
  const ref = { frame: about.frame, attempt: about.attempt, node: about.node };
  const error = failure(dice.pick(["CRASHED", "NO_OUTPUT"]), dice.pick(["scene", "node", "nobody"] as const));
  const listed = () => (dice.chance(0.5) ? [] : [dice.chance(0.5) && known.length > 0 ? dice.pick(known) : madeUp]);
  return dice.pick<EventBody>([
    { type: "node-joined", node, running: listed(), held: listed() },
    { type: "node-lost", node: dice.chance(0.3) ? node : "nobody" },
    { type: "slot-ready", node, slot },
    { type: "slot-ready", node, slot },
    { type: "slot-lost", node, slot },
    { type: "attempt-started", slot: about.slot, ...ref },
    { type: "attempt-started", slot: about.slot, ...ref },
    { type: "attempt-progressed", ...ref },
    { type: "attempt-rendered", seconds: dice.between(1, 100), ...ref },
    { type: "attempt-failed", error, ...ref },
    { type: "attempt-withdrawn", ...ref },
    { type: "fetch-started", ...ref },
    { type: "result-arrived", ...ref },
    { type: "frame-stored", ...(dice.chance(0.3) ? ref : { ...ref, frame: 0 }) },
    { type: "result-refused", error, ...ref },
    { type: "result-lost", ...ref },
    { type: "tick" },
    dice.chance(0.02) ? { type: "drain-requested" } : { type: "tick" },
  ]);
}
