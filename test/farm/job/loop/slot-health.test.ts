import { expect, test } from "vitest";
import { SlotHealth } from "../../../../src/farm/job/loop/slot-health.ts";

const slot = (number: number, state: "starting" | "ready" | "lost", message?: string, code = "SLOT_LOST") => ({
  ...{ slot: number, state, device: null },
  error: message === undefined ? null : { code, message, hint: "", detail: null },
});
const seconds = (count: number) => count * 1_000;

test("a node whose slots have all been away for half a minute is idle, in the last one's words", () => {
  const watch = new SlotHealth();
  watch.joined("a", [slot(0, "ready"), slot(1, "ready")] as never, 0);
  watch.changed("a", slot(0, "lost", "first") as never, seconds(1));
  expect(watch.idleNodes(seconds(100))).toEqual([]); // the other one renders
  watch.changed("a", slot(1, "lost", "last") as never, seconds(100));
  expect(watch.idleNodes(seconds(130))).toEqual([]);
  expect(watch.idleNodes(seconds(131))).toMatchObject([{ node: "a", error: { message: "last" } }]);
});

test("a node that never says what became of a slot in which a frame failed is idle after half a minute", () => {
  const watch = new SlotHealth();
  watch.joined("a", [slot(0, "ready")] as never, 0);
  const error = { code: "NO_DENOISER", message: "no denoiser", hint: "", log: [] };
  watch.failed("a", 0, { ...error, code: "SLOT_FULL" }, seconds(1));
  expect(watch.idleNodes(seconds(100))).toEqual([]); // it only had no room
  watch.failed("a", 0, error, seconds(100));
  expect(watch.idleNodes(seconds(130))).toEqual([]);
  expect(watch.idleNodes(seconds(131))).toMatchObject([{ node: "a", error: { message: "no denoiser" } }]);
  watch.changed("a", slot(0, "ready") as never, seconds(131));
  expect(watch.idleNodes(seconds(1_000))).toEqual([]);
});

test("a slot that starts again, a node that is gone and one that has said nothing of slots are not idle", () => {
  const watch = new SlotHealth();
  watch.joined("a", [slot(0, "lost")] as never, 0);
  watch.joined("b", [slot(0, "lost")] as never, 0);
  watch.joined("c", [] as never, 0);
  watch.changed("a", slot(0, "starting") as never, seconds(20));
  watch.lost("b");
  watch.changed("b", slot(0, "lost") as never, seconds(20));
  expect(watch.idleNodes(seconds(1_000))).toEqual([]);
});

test("a node whose disk is full may come back as long as another one renders", () => {
  const watch = new SlotHealth();
  watch.joined("full", [slot(0, "lost", "The disk is full", "DISK_FULL")] as never, 0);
  watch.joined("good", [slot(0, "ready")] as never, 0);
  expect(watch.idleNodes(seconds(100))).toEqual([]);
  watch.changed("good", slot(0, "lost", "It crashed") as never, seconds(100));
  expect(watch.idleNodes(seconds(131)).map(({ node }) => node)).toEqual(["full", "good"]);
  watch.lost("good");
  expect(watch.idleNodes(seconds(131)).map(({ node }) => node)).toEqual(["full"]);
});

test("a node that waits for the blendfile to come again is not idle for an hour", () => {
  const watch = new SlotHealth();
  watch.joined("a", [slot(0, "lost", "It was damaged", "BLOB_MISSING"), slot(1, "lost", "It crashed")] as never, 0);
  expect(watch.idleNodes(seconds(1_000))).toEqual([]);
  expect(watch.idleNodes(seconds(3_601)).map(({ node }) => node)).toEqual(["a"]);
  watch.changed("a", slot(0, "lost", "It crashed") as never, seconds(1_000));
  expect(watch.idleNodes(seconds(1_031)).map(({ node }) => node)).toEqual(["a"]);
});
