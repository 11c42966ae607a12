import { expect, test } from "vitest";
import { reportText } from "../../src/cli/report-command.ts";
import { summarize } from "../../src/farm/job-report.ts";

const line = (time: number, msg: string, fields: object = {}) => ({ time: time * 1_000, msg, ...fields });

test("the report of a log tells its runs, its outcome, its causes by number and each warning once", () => {
  const report = summarize(
    [],
    [
      ...[line(0, "job:started"), line(9, "job:interrupted"), line(20, "job:started")],
      ...[line(21, "node:found", { node: "a", slots: 2 }), line(23, "frame:requeued", { reason: "RARE" })],
      ...[line(24, "frame:requeued", { reason: "OFTEN" }), line(25, "frame:requeued", { reason: "OFTEN" })],
      ...[line(26, "warning", { message: "w" }), line(27, "warning", { message: "w" })],
      ...[line(31, "frame:stored", { node: "a", frame: 1, seconds: 8 }), line(35, "job:failed")],
    ],
  );
  expect(report).toMatchObject({ runs: 2, outcome: "failed", warnings: ["w"] });
  expect(report.causes).toEqual([
    { reason: "OFTEN", count: 2 },
    { reason: "RARE", count: 1 },
  ]);
  expect(report.time).toMatchObject({ wallSeconds: 15, renderSeconds: 8, encodeSeconds: 4, efficiency: 0.4 });
  const text = reportText(report);
  expect(text).toMatch(/2 × OFTEN\n {2}1 × RARE/);
  expect(text).toContain("Warning: w");
});

test("a log without an end is unfinished, and one without a frame has no times", () => {
  expect(summarize([], [line(0, "job:started")])).toMatchObject({ outcome: "unfinished", time: undefined });
});
