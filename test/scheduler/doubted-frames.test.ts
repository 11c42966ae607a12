import { expect, test } from "vitest";
import type { AttemptError, EventBody } from "../../src/scheduler/events.ts";
import { Drive, renderAll } from "../support/simulation/simulate-drive.ts";

const finish = { type: "finish", outcome: { type: "complete" } };
const blank: AttemptError = { code: "BLANK_FRAME", message: "it is blank", hint: "Wait", fault: "nobody" };
const doubted = (frame: number, error: AttemptError | null): EventBody => ({
  type: "frame-doubted",
  ...{ node: "a", frame, error },
});

/** A complete job of this many frames, all rendered by one node. */
function complete(frames: number) {
  const drive = new Drive({ frames: Array.from({ length: frames }, (_, index) => index + 1) });
  expect(renderAll(drive, drive.join("a"))).toContainEqual(finish);
  drive.tell({ type: "slot-ready", node: "a", slot: 0 }); // it had ended
  return drive;
}

test("a doubted frame of a complete job is rendered again, and the job is complete again", () => {
  const drive = complete(3);
  const orders = drive.tell(doubted(2, null));
  expect(drive.statusOf(2)).not.toBe("stored");
  const all = renderAll(drive, orders);
  expect(all).toContainEqual(finish);
  expect(all.filter(({ type }) => type === "cancel")).toEqual([]); // its node starts new processes by itself
  expect(drive.statusOf(2)).toBe("stored");
});

test("with an error, a new process of the only node renders it", () => {
  const drive = complete(3);
  const alone = renderAll(drive, drive.tell(doubted(2, blank)));
  expect(alone.filter(({ type }) => type === "cancel").length).toBe(1);
  expect(drive.statusOf(2)).toBe("stored");
});

test("with an error, another node renders it if there is one, even if that is busy", () => {
  const drive = new Drive({ frames: [1, 2, 3, 4] });
  const [first] = drive.join("b"); // renders frame 1 for long
  const ref = { node: "b", frame: 1, attempt: (first as { attempt: number }).attempt };
  const waiting = drive.tell({ type: "attempt-started", slot: 0, ...ref }); // another frame for b
  renderAll(drive, drive.join("a"));
  expect(drive.statusOf(3)).toBe("stored");
  const orders = drive.tell(doubted(3, blank));
  expect(orders.filter(({ type }) => type === "assign")).not.toContainEqual(expect.objectContaining({ node: "a" }));
  expect(drive.statusOf(3)).toBe("queued");
  drive.tell({ type: "attempt-rendered", seconds: 1, ...ref });
  drive.tell({ type: "frame-stored", ...ref });
  expect(renderAll(drive, waiting)).toContainEqual(expect.objectContaining({ type: "assign", node: "b", frame: 3 }));
  expect(drive.statusOf(3)).toBe("stored");
});

test("doubts bar no node and fail no frame, however many there are", () => {
  const drive = complete(3);
  for (let round = 0; round < 9; round++) {
    for (const frame of [1, 2, 3]) {
      const orders = renderAll(drive, drive.tell(doubted(frame, round % 2 === 0 ? blank : null)));
      expect(orders.filter(({ type }) => type === "announce")).not.toContainEqual(
        expect.objectContaining({ notice: expect.objectContaining({ type: "node-barred" }) }),
      );
      expect(drive.statusOf(frame)).toBe("stored");
    }
  }
});

test("a doubt about a frame that is not stored changes nothing", () => {
  const drive = new Drive({ frames: [1, 2] });
  drive.join("a");
  expect(drive.tell(doubted(1, null))).toEqual([]);
  expect(drive.tell(doubted(9, blank))).toEqual([]);
});
