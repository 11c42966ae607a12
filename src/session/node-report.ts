import type { FromNode } from "./protocol.ts";

const reportTypes = [
  "slot-changed",
  "frame-started",
  "frame-progress",
  "frame-rendered",
  "frame-failed",
  "frame-withdrawn",
  "bake-progress",
  "job-sampled",
  "check-started",
  "check-done",
  "warning",
] as const;

/** A message that a node sends unasked while a job runs. */
export type NodeReport = Extract<FromNode, { type: (typeof reportTypes)[number] }>;

export function isReport(message: FromNode): message is NodeReport {
  return (reportTypes as readonly string[]).includes(message.type);
}
