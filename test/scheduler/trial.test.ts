import { expect, test } from "vitest";
import { Drive } from "../support/simulation/simulate-drive.ts";

const frames = [3, 6, 1, 2, 4, 5];
const trial = [3, 6];

/** Renders an assigned frame, and stores it. @returns What is assigned meanwhile */
function store(drive: Drive, frame: number, attempt: number): unknown {
  const next = [
    ...drive.tell({ type: "attempt-started", node: "a", slot: 0, frame, attempt }),
    ...drive.tell({ type: "attempt-rendered", node: "a", frame, attempt, seconds: 1 }),
    ...drive.tell({ type: "frame-stored", node: "a", frame, attempt }),
  ];
  return assigned(next);
}

function assigned(instructions: readonly { readonly type: string }[]) {
  return instructions.flatMap((each) => (each.type === "assign" && "frame" in each ? [each.frame] : []));
}

test("in a trial only its frames are assigned, however many slots are idle, and afterwards all others", () => {
  const drive = new Drive({ frames, trial });
  expect(assigned(drive.join("a"))).toEqual([3]);
  expect(store(drive, 3, 1)).toEqual([6]); // it waits behind the running one
  expect(assigned(drive.join("b"))).toEqual([]);
  expect(store(drive, 6, 2)).toEqual([]);
  expect(assigned(drive.tell({ type: "tick" }))).toEqual([]);
  expect(assigned(drive.tell({ type: "trial-ended", continues: true })).sort()).toEqual([1, 2]);
});

test("frames of a trial that are queued again are assigned again", () => {
  const drive = new Drive({ frames, trial });
  drive.join("a");
  drive.tell({ type: "node-lost", node: "a" });
  expect(assigned(drive.join("b"))).toEqual([3]);
});

test("frames of a trial that an earlier run stored are not rendered again, and the others wait all the same", () => {
  const drive = new Drive({ frames, trial, alreadyStored: new Set(trial) });
  expect(assigned(drive.join("a"))).toEqual([]);
  expect(assigned(drive.tell({ type: "trial-ended", continues: true }))).toEqual([1]);
});

test("a trial that does not continue ends the job, and says what is missing", () => {
  const drive = new Drive({ frames, trial });
  drive.join("a");
  store(drive, 3, 1);
  store(drive, 6, 2);
  expect(drive.tell({ type: "trial-ended", continues: false })).toEqual([
    { type: "finish", outcome: { type: "drained", missing: [1, 2, 4, 5] } },
  ]);
});

test("a drain during a trial finishes what runs", () => {
  const drive = new Drive({ frames, trial });
  drive.join("a");
  drive.tell({ type: "attempt-started", node: "a", slot: 0, frame: 3, attempt: 1 });
  expect(drive.tell({ type: "drain-requested" })).toEqual([{ type: "withdraw", node: "a", frame: 6, attempt: 2 }]);
});

test("scenes that are played are rendered in runs after a trial", () => {
  const drive = new Drive({ frames, trial, policy: { inRuns: true } });
  expect(assigned(drive.join("a"))).toEqual([3]);
  expect(store(drive, 3, 1)).toEqual([6]);
  expect(store(drive, 6, 2)).toEqual([]);
  expect(assigned(drive.tell({ type: "trial-ended", continues: true }))).toEqual([1]);
});
