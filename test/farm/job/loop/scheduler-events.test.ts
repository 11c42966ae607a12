import { expect, test } from "vitest";
import { eventsOfJoining, eventsOfReport } from "../../../../src/farm/job/loop/scheduler-events.ts";
import type { NodeReport } from "../../../../src/session/node-report.ts";
import type { JobOpened } from "../../../../src/session/protocol.ts";
import { goldenMessages } from "../../../support/golden.ts";

const golden = <T>(type: string) => (goldenMessages().find((file) => file.type === type)?.valid ?? []) as T[];

test("eventsOfJoining() reports running attempts, held results and ready slots, but not assigned attempts", () => {
  const resumed = golden<JobOpened>("job-opened").find((opened) => opened.resumed);
  if (!resumed) throw new Error("No golden job-opened is resumed");
  expect(eventsOfJoining("n", resumed)).toEqual([
    {
      ...{ type: "node-joined", node: "n" },
      running: [{ frame: 3, attempt: 1, slot: 0 }],
      held: [{ frame: -7, attempt: 0 }],
    },
    { type: "slot-ready", node: "n", slot: 0 },
  ]);
});

test.each([
  ["frame-started", "attempt-started"],
  ["frame-progress", "attempt-progressed"],
  ["frame-rendered", "attempt-rendered"],
  ["frame-failed", "attempt-failed"],
  ["frame-withdrawn", "attempt-withdrawn"],
])("eventsOfReport() makes one event of each %s", (report, event) => {
  const reports = golden<NodeReport>(report);
  expect(reports.length).toBeGreaterThan(0);
  for (const said of reports) {
    const ref = said.type === "frame-rendered" ? said.result : said;
    const { frame, attempt } = ref as { frame: number; attempt: number };
    expect(eventsOfReport("n", said)).toMatchObject([{ type: event, node: "n", frame, attempt }]);
  }
});

test("eventsOfReport() reports ready and lost slots, and nothing else", () => {
  const slot = (state: "starting" | "ready" | "lost"): NodeReport => ({
    ...{ type: "slot-changed", slot: 2, state, error: null, device: null },
  });
  expect(eventsOfReport("n", slot("ready"))).toEqual([{ type: "slot-ready", node: "n", slot: 2 }]);
  expect(eventsOfReport("n", slot("lost"))).toEqual([{ type: "slot-lost", node: "n", slot: 2 }]);
  expect(eventsOfReport("n", slot("starting"))).toEqual([]);
  expect(eventsOfReport("n", { type: "warning", code: "CPU_FALLBACK", message: "", slot: null })).toEqual([]);
});
