import { expect, test } from "vitest";
import { ReportBudget, ReportBuffer } from "../../../src/farm/nodes/report-buffer.ts";
import type { NodeReport } from "../../../src/session/node-report.ts";

const progress = { type: "frame-progress", frame: 1, attempt: 1, fraction: 0.5 } as unknown as NodeReport;
const started = { type: "frame-started", frame: 1, attempt: 1, slot: 0 } as unknown as NodeReport;
const long = { ...started, message: "x".repeat(1024 * 1024) } as unknown as NodeReport;

test("early reports of a node are kept, except progress", () => {
  const early = new ReportBuffer();
  for (const report of [started, progress, started]) early.add(report);
  expect([early.take(), early.take()]).toEqual([[started, started], []]);
});

test.each([
  ["more reports than a machine can have", started, 4_096],
  ["longer ones than any memory should hold", long, 15],
])("a node that sends %s is refused", (_, report, most) => {
  const budget = new ReportBudget("since all frames were stored");
  for (let count = 0; count < most; count++) expect(budget.spend(report)).toBe(true);
  expect(() => {
    budget.spend(report);
    budget.spend(report);
  }).toThrow(expect.objectContaining({ code: "FARM_BAD_MESSAGE", message: expect.stringContaining("were stored") }));
  for (let count = 0; count < 100_000; count++) expect(new ReportBudget("").spend(progress)).toBe(false);
});
