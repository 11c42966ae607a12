import { expect, test } from "vitest";
import type { EventBody } from "../../src/scheduler/events.ts";
import { Drive, renderAll } from "../support/simulation/simulate-drive.ts";
import { failure } from "../support/simulation/simulate-node.ts";

const error = failure("FFMPEG_REFUSED");

const finish = { type: "finish", outcome: { type: "complete" } };
const refused = (node: string, frame: number): EventBody => ({ type: "frame-refused", node, frame, error });

test("a frame refused after the job was complete is rendered again, and the job is complete again", () => {
  const drive = new Drive({ frames: [1, 2, 3] });
  expect(renderAll(drive, drive.join("a"))).toContainEqual(finish);
  expect(drive.tell({ type: "slot-ready", node: "a", slot: 0 })).toEqual([]); // it had ended

  const orders = drive.tell(refused("a", 2));
  expect(drive.statusOf(2)).not.toBe("stored");
  const [code, reason] = ["FFMPEG_REFUSED", "simulated FFMPEG_REFUSED"];
  expect(orders).toContainEqual({
    ...{ type: "announce", notice: { type: "frame-requeued", frame: 2, node: "a", attempt: 2, code, reason } },
  });
  const all = renderAll(drive, orders); // there is no other node
  expect(all).toContainEqual(finish);
  expect(drive.statusOf(2)).toBe("stored");
  // In a new process of its slot, and only once.
  expect(all.filter(({ type }) => type === "cancel")).toEqual([{ type: "cancel", node: "a", frame: 2, attempt: 4 }]);
});

test("a refused frame goes to the node that has not tried it, however long that node is busy", () => {
  const drive = new Drive({ frames: [1, 2] });
  const [first] = drive.join("a");
  expect(first).toMatchObject({ type: "assign", frame: 1 });
  const [second] = drive.join("b");
  const ref = { node: "a", frame: 1, attempt: (first as { attempt: number }).attempt };
  drive.tell({ type: "attempt-started", slot: 0, ...ref });
  drive.tell({
    type: "attempt-started",
    node: "b",
    slot: 0,
    frame: 2,
    attempt: (second as { attempt: number }).attempt,
  });
  drive.tell({ type: "attempt-rendered", seconds: 1, ...ref });
  drive.tell({ type: "frame-stored", ...ref });

  expect(drive.tell(refused("a", 1))).toContainEqual(
    expect.objectContaining({ type: "assign", node: "b", frame: 1 }), // waits there, although "a" is idle
  );
});

test("each refused frame counts against its node, which is barred after the third", () => {
  const drive = new Drive({ frames: [1, 2, 3, 4] });
  renderAll(drive, drive.join("a"));
  drive.tell(refused("a", 1));
  drive.join("b");
  drive.tell(refused("a", 2));
  const orders = drive.tell(refused("a", 3));
  expect(orders).toContainEqual({
    type: "announce",
    notice: { type: "node-barred", node: "a", reason: "3 failures in a row: simulated FFMPEG_REFUSED" },
  });
});

test("a frame that was refused in an earlier run goes to another node, and no node is blamed again", () => {
  const drive = new Drive({ frames: [1, 2], alreadyStored: new Set([2]), firstAttempt: 101 });
  expect(drive.tell(refused("a", 1))).toEqual([]);
  drive.join("b");
  expect(drive.state.nodes.get("a")).toBeUndefined();
  const assigned = drive.state.frames.get(1)?.history.filter(({ end }) => end === "open");
  expect(assigned).toMatchObject([{ node: "b" }]);
});

test("a frame of an earlier run that is refused now counts as an attempt by its node", () => {
  const drive = new Drive({ frames: [1], alreadyStored: new Set([1]), firstAttempt: 101 });
  expect(drive.tell({ type: "tick" })).toEqual([finish]);
  drive.tell(refused("a", 1));
  expect(drive.state.frames.get(1)?.history).toMatchObject([{ attempt: 101, node: "a", end: "failed" }]);
  expect(drive.join("a")).toMatchObject([{ type: "assign", frame: 1, attempt: 102 }]); // there is no other node
});

test("only a stored or queued frame of the job can be refused", () => {
  const drive = new Drive({ frames: [1] });
  drive.join("a");
  expect(drive.tell(refused("a", 1))).toEqual([]); // it is being rendered
  expect(drive.tell(refused("a", 7))).toEqual([]);
});

test("while the job drains, a refused frame stays missing", () => {
  const drive = new Drive({ frames: [1, 2] });
  renderAll(drive, drive.join("a"));
  drive.tell(refused("a", 1));
  const drained = new Drive({ frames: [1], alreadyStored: new Set([1]) });
  drained.tell({ type: "tick" });
  drained.tell(refused("a", 1));
  expect(drained.tell({ type: "drain-requested" })).toEqual([
    { type: "finish", outcome: { type: "drained", missing: [1] } },
  ]);
});
