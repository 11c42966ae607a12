import { expect, test } from "vitest";
import { SlotHealth } from "../../../../src/farm/job/loop/slot-health.ts";

const slot = (number: number, state: "starting" | "ready" | "lost", message?: string, code = "SLOT_LOST") => ({
  ...{ slot: number, state, device: null },
  error: message === undefined ? null : { code, message, hint: "", detail: null },
});
const seconds = (count: number) => count * 1_000;

test("a node whose slots have all been lost for half a minute is idle, with the last slot's error", () => {
  const watch = new SlotHealth();
  watch.joined("a", [slot(0, "ready"), slot(1, "ready")] as never, 0);
  watch.changed("a", slot(0, "lost", "first") as never, seconds(1));
  expect(watch.idleNodes(seconds(100))).toEqual([]); // the other slot renders
  watch.changed("a", slot(1, "lost", "last") as never, seconds(100));
  expect(watch.idleNodes(seconds(130))).toEqual([]);
  expect(watch.idleNodes(seconds(131))).toMatchObject([{ node: "a", error: { message: "last" } }]);
});

test("a node that does not report on a slot after a frame failed in it is idle after half a minute", () => {
  const watch = new SlotHealth();
  watch.joined("a", [slot(0, "ready")] as never, 0);
  const error = { code: "NO_DENOISER", message: "no denoiser", hint: "", log: [] };
  watch.failed("a", 0, { ...error, code: "SLOT_FULL" }, seconds(1));
  expect(watch.idleNodes(seconds(100))).toEqual([]); // the slot was only full
  watch.failed("a", 0, error, seconds(100));
  expect(watch.idleNodes(seconds(130))).toEqual([]);
  expect(watch.idleNodes(seconds(131))).toMatchObject([{ node: "a", error: { message: "no denoiser" } }]);
  watch.changed("a", slot(0, "ready") as never, seconds(131));
  expect(watch.idleNodes(seconds(1_000))).toEqual([]);
});

test("a node with a starting slot, a lost node and a node without reported slots are not idle", () => {
  const watch = new SlotHealth();
  watch.joined("a", [slot(0, "lost")] as never, 0);
  watch.joined("b", [slot(0, "lost")] as never, 0);
  watch.joined("c", [] as never, 0);
  watch.changed("a", slot(0, "starting") as never, seconds(20));
  watch.lost("b");
  watch.changed("b", slot(0, "lost") as never, seconds(20));
  expect(watch.idleNodes(seconds(1_000))).toEqual([]);
});

test("a node whose disk is full is not idle as long as another node renders", () => {
  const watch = new SlotHealth();
  watch.joined("full", [slot(0, "lost", "The disk is full", "DISK_FULL")] as never, 0);
  watch.joined("good", [slot(0, "ready")] as never, 0);
  expect(watch.idleNodes(seconds(100))).toEqual([]);
  watch.changed("good", slot(0, "lost", "It crashed") as never, seconds(100));
  expect(watch.idleNodes(seconds(131)).map(({ node }) => node)).toEqual(["full", "good"]);
  watch.lost("good");
  expect(watch.idleNodes(seconds(131)).map(({ node }) => node)).toEqual(["full"]);
});

test("a node that waits for the blendfile again is idle only after an hour", () => {
  const watch = new SlotHealth();
  watch.joined("a", [slot(0, "lost", "It was damaged", "BLOB_MISSING"), slot(1, "lost", "It crashed")] as never, 0);
  expect(watch.idleNodes(seconds(1_000))).toEqual([]);
  expect(watch.idleNodes(seconds(3_601)).map(({ node }) => node)).toEqual(["a"]);
  watch.changed("a", slot(0, "lost", "It crashed") as never, seconds(1_000));
  expect(watch.idleNodes(seconds(1_031)).map(({ node }) => node)).toEqual(["a"]);
});
