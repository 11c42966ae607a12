import { describe, expect, test } from "vitest";
import type { AttemptRef, InstructionBody } from "../../src/scheduler/events.ts";
import { Drive } from "../support/simulation/simulate-drive.ts";
import { failure } from "../support/simulation/simulate-node.ts";

const largest = Number.MAX_SAFE_INTEGER;

function blames({ state }: Drive, node: string): readonly string[] {
  return state.nodes.get(node)?.failuresInARow ?? [];
}

function ofType(orders: readonly InstructionBody[], type: InstructionBody["type"]): InstructionBody[] {
  return orders.filter((order) => order.type === type);
}

describe("a result that a node never had", () => {
  const madeUp: [what: string, held: AttemptRef][] = [
    ["under a number that was not assigned yet", { frame: 1, attempt: 1_000_041 }],
    ["under the largest possible number", { frame: 1, attempt: largest }],
    ["of a frame outside the job", { frame: 900, attempt: 1_000_041 }],
    ["under an invalid number", { frame: 1, attempt: 0 }],
  ];
  test.each(madeUp)("%s is not fetched, its number is not skipped, and its node is blamed", (_, held) => {
    const drive = new Drive({ frames: [1, 2], firstAttempt: 1_000_001 });

    const orders = drive.tell({ type: "node-joined", node: "a", running: [], held: [held] });

    expect(orders).toEqual([{ type: "release", node: "a", ...held }]);
    expect(blames(drive, "a")).toEqual(["NEVER_ASSIGNED"]);
    expect(drive.tell({ type: "slot-ready", node: "a", slot: 0 })).toEqual([
      { type: "assign", node: "a", slot: 0, frame: 1, attempt: 1_000_001 },
    ]);
  });

  test("is cancelled on the node that claims to run it, and its number is given to another attempt later", () => {
    const drive = new Drive({ frames: [1, 2] });
    drive.tell({ type: "node-joined", node: "a", running: [{ frame: 1, attempt: 2, slot: 0 }], held: [] });

    expect(blames(drive, "a")).toEqual(["NEVER_ASSIGNED"]);
    drive.tell({ type: "slot-ready", node: "a", slot: 0 });
    expect(drive.tell({ type: "attempt-started", node: "a", slot: 0, frame: 1, attempt: 1 })).toEqual([
      { type: "assign", node: "a", slot: 0, frame: 2, attempt: 2 },
    ]);
  });

  test("but that was assigned to another node counts against the one that names it", () => {
    const drive = new Drive({ frames: [1, 2, 3] });
    drive.join("a");
    drive.join("b");

    expect(drive.tell({ type: "attempt-rendered", node: "b", frame: 1, attempt: 1, seconds: 1 })).toEqual([
      { type: "release", node: "b", frame: 1, attempt: 1 },
    ]);
    expect(blames(drive, "b")).toEqual(["NEVER_ASSIGNED"]);
    expect(drive.state.attempts.get(1)).toMatchObject({ node: "a", status: "assigned" });
  });

  test("bars its node after the third time, whether or not the job has these frames", () => {
    const drive = new Drive({ frames: [1, 2, 3] });
    drive.join("good");
    const held = [501, 502, 503].map((frame) => ({ frame, attempt: 5_000_000 + frame }));

    const orders = drive.tell({ type: "node-joined", node: "liar", running: [], held });

    expect(ofType(orders, "announce")).toMatchObject([
      {
        notice: {
          type: "node-barred",
          node: "liar",
          reason: "3 failures in a row: it has frames that it was never given",
        },
      },
    ]);
  });
});

describe("of an earlier run", () => {
  const held = (frame: number, ...attempts: number[]) => attempts.map((attempt) => ({ frame, attempt }));

  test("a node has the results that it names when it joins, and none that it names later", () => {
    const drive = new Drive({ frames: [1, 2], firstAttempt: 1_000 });
    drive.join("a");

    const late = { node: "a", frame: 2, attempt: 7 };

    expect(drive.tell({ type: "attempt-rendered", seconds: 1, ...late })).toEqual([{ type: "release", ...late }]);
    expect(blames(drive, "a")).toEqual(["NEVER_ASSIGNED"]);
  });

  test("three results of a frame are accepted from one node, and more are its fault", () => {
    const drive = new Drive({ frames: [1, 2], firstAttempt: 1_000 });

    const orders = drive.tell({ type: "node-joined", node: "a", running: [], held: held(1, 1, 2, 3, 4) });

    expect(ofType(orders, "fetch")).toHaveLength(3);
    expect(ofType(orders, "release")).toEqual([{ type: "release", node: "a", frame: 1, attempt: 4 }]);
    expect(blames(drive, "a")).toEqual(["NEVER_ASSIGNED"]);
  });

  test("a result whose link is lost at every fetch is fetched three times, and then its frame is rendered", () => {
    const drive = new Drive({ frames: [1], firstAttempt: 1_000 });
    const fetches = [1, 2, 3, 4, 5].map(() => {
      const orders = drive.tell({ type: "node-joined", node: "a", running: [], held: held(1, 7) });
      drive.tell({ type: "node-lost", node: "a" });
      return ofType(orders, "fetch").length;
    });

    expect(fetches).toEqual([1, 1, 1, 0, 0]);
    expect(blames(drive, "a")).toEqual([]);
    expect(drive.join("a")).toMatchObject([{ type: "assign", frame: 1, attempt: 1_000 }]);
  });

  test("one number stands for one frame: the second frame is not a result", () => {
    const drive = new Drive({ frames: [3, 5], firstAttempt: 1_000 });

    const twice = [...held(3, 500), ...held(5, 500)];
    const orders = drive.tell({ type: "node-joined", node: "a", running: [], held: twice });

    expect(orders).toEqual([
      { type: "fetch", node: "a", frame: 3, attempt: 500 },
      { type: "release", node: "a", frame: 5, attempt: 500 },
    ]);
    expect(blames(drive, "a")).toEqual(["NEVER_ASSIGNED"]);
    expect(drive.statusOf(5)).toBe("queued");
  });

  test("when two nodes name the same attempt, the first is believed and neither is blamed", () => {
    const drive = new Drive({ frames: [1], firstAttempt: 1_000 });
    drive.tell({ type: "node-joined", node: "a", running: [], held: held(1, 7) });

    const orders = drive.tell({ type: "node-joined", node: "b", running: [], held: held(1, 7) });

    expect(orders).toEqual([{ type: "release", node: "b", frame: 1, attempt: 7 }]);
    expect([...blames(drive, "a"), ...blames(drive, "b")]).toEqual([]);
  });

  test("a result listed twice is fetched once, and its copy is kept meanwhile", () => {
    const drive = new Drive({ frames: [1], firstAttempt: 1_000 });

    expect(drive.tell({ type: "node-joined", node: "a", running: [], held: held(1, 7, 7) })).toEqual([
      { type: "fetch", node: "a", frame: 1, attempt: 7 },
    ]);
  });

  test("nothing counts against a frame: however many results turn out to be invalid, it is rendered", () => {
    const drive = new Drive({ frames: [1], firstAttempt: 1_000 });
    for (const node of ["a", "b", "c", "d"]) {
      drive.tell({ type: "node-joined", node, running: [], held: held(1, 1, 2, 3) });
      const error = failure("NOT_A_PNG", "node");
      for (const attempt of [1, 2, 3]) drive.tell({ type: "result-refused", node, frame: 1, attempt, error });
    }

    expect(drive.statusOf(1)).toBe("queued");
    expect(drive.join("honest")).toMatchObject([{ type: "assign", node: "honest", frame: 1 }]);
  });

  test("a running attempt that crashes is not held against its frame, and it may be tried on that node again", () => {
    const drive = new Drive({ frames: [1], firstAttempt: 1_000 });
    drive.tell({ type: "node-joined", node: "a", running: [{ frame: 1, attempt: 7, slot: 0 }], held: [] });

    drive.tell({ type: "attempt-failed", node: "a", frame: 1, attempt: 7, error: failure("CRASHED") });

    expect(drive.tell({ type: "slot-ready", node: "a", slot: 0 })).toMatchObject([{ type: "assign", frame: 1 }]);
  });

  test("the results of a barred node are not waited for", () => {
    const drive = new Drive({ frames: [1, 2, 3, 4, 5], firstAttempt: 1_000 });
    drive.join("good");
    const many = [2, 3, 4, 5].flatMap((frame) => held(frame, 10 + frame));
    drive.tell({ type: "node-joined", node: "liar", running: [], held: many });
    const error = failure("NOT_A_PNG", "node");
    for (const frame of [2, 3]) drive.tell({ type: "result-refused", node: "liar", frame, attempt: 10 + frame, error });
    expect(drive.statusOf(5)).toBe("active");

    const orders = drive.tell({ type: "result-refused", node: "liar", frame: 4, attempt: 14, error });

    expect(orders).toContainEqual({ type: "release", node: "liar", frame: 5, attempt: 15 });
    expect(drive.statusOf(5)).toBe("queued");
  });
});

test("when a run has used up its attempt numbers, the job drains: the next run has new ones", () => {
  const drive = new Drive({ frames: [1, 2, 3], policy: { attemptsPerRun: 2 } });
  expect(drive.join("a")).toMatchObject([{ type: "assign", frame: 1, attempt: 1 }]);
  drive.tell({ type: "attempt-started", node: "a", slot: 0, frame: 1, attempt: 1 });
  expect(drive.state.nextAttempt).toBe(3);
  for (const frame of [1, 2]) {
    drive.tell({ type: "attempt-rendered", node: "a", frame, attempt: frame, seconds: 1 });
    const orders = drive.tell({ type: "frame-stored", node: "a", frame, attempt: frame });
    if (frame === 2) expect(orders.at(-1)).toEqual({ type: "finish", outcome: { type: "drained", missing: [3] } });
  }
});
