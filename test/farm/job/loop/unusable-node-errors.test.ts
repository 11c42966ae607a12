import { expect, test } from "vitest";
import { allSlotsLost } from "../../../../src/farm/job/loop/unusable-node-errors.ts";

const problem = { hint: "do this", log: [] };

test("a node without slots is excluded with the error and the hint of its last slot", () => {
  const crashed = allSlotsLost("desk", { ...problem, code: "CRASHED", message: "Blender ended by itself (SIGSEGV)" });
  expect(crashed.message).toBe(
    "Cannot render on desk: its Blender ended again and again: Blender ended by itself (SIGSEGV)",
  );
  expect(crashed.hint).toBe("do this");
  expect(allSlotsLost("desk", null).message).toBe("Cannot render on desk: its Blender ended again and again");
});

test("a full disk is not reported as a Blender that ended", () => {
  const full = allSlotsLost("desk", { ...problem, code: "DISK_FULL", message: "about 40 MB needed, 2 MB free" });
  expect(full.message).toBe("Cannot render on desk: about 40 MB needed, 2 MB free");
});
