import { expect, test } from "vitest";
import { viewStateOf } from "../../../src/cli/live/view-reducer.ts";
import { snapshotOf } from "../../../src/cli/live/view-snapshot.ts";
import { emptyView } from "../../../src/cli/live/view-state.ts";
import { replay, sampleEvents } from "./sample-events.ts";

test("the snapshot of a view survives JSON, and tells where each frame is and what each node does", () => {
  const working = replay(sampleEvents({ frames: 10, nodes: ["alpha", "beta"], stored: 2 }));
  const failed = {
    type: "frame:failed",
    frame: 9,
    code: "CRASHED",
    message: "Blender crashed",
    hint: "Try again",
  } as const;
  const state = viewStateOf(working, failed, 9_000);

  const snapshot = snapshotOf(state);

  expect(JSON.parse(JSON.stringify(snapshot))).toEqual(snapshot);
  expect(snapshot.frames).toEqual({ queued: "5-8,10", rendering: "3,4", stored: "1,2", failed: "9" });
  expect(snapshot.nodes).toMatchObject([
    { id: "id-0", name: "alpha", status: "ready", frames: 1, slots: [{ frame: 3, fraction: 0.25 }] },
    { id: "id-1", name: "beta", status: "ready", frames: 1, slots: [{ frame: 4, fraction: 0.25 }] },
  ]);
  expect(snapshot.failures).toEqual([{ level: "error", text: "Blender crashed", hint: "Try again", frames: "9" }]);
  expect(snapshot).toMatchObject({ phase: "working", scene: { name: "Scene" }, encoded: 0 });
});

test("every field of the view is in the snapshot, and nothing of it is lost in JSON", () => {
  const { cells, ...fields } = emptyView(5);
  const snapshot = snapshotOf({ cells, ...fields });
  expect(Object.keys(snapshot).sort()).toEqual([...Object.keys(fields), "frames"].sort());
  expect(JSON.parse(JSON.stringify(snapshot))).toEqual(snapshot);
});
