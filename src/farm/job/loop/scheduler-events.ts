import type { NodeId } from "../../../core/node.ts";
import type { EventBody } from "../../../scheduler/events.ts";
import type { NodeReport } from "../../../session/node-report.ts";
import type { FrameResult, JobOpened } from "../../../session/protocol.ts";
import { attemptErrorOf } from "./error-blame.ts";
import type { LoopInput } from "./job-inputs.ts";

/** Scheduler events for a node that has joined: what it kept from an earlier link, and which slots are ready. */
export function eventsOfJoining(node: NodeId, opened: JobOpened): EventBody[] {
  const running = opened.attempts
    .filter((attempt) => attempt.state === "running")
    .map(({ frame, attempt, slot }) => ({ frame, attempt, slot }));
  const held = opened.results.map(({ frame, attempt }) => ({ frame, attempt }));
  const ready = opened.slots.filter((slot) => slot.state === "ready");
  return [
    { type: "node-joined", node, running, held },
    ...ready.map(({ slot }): EventBody => ({ type: "slot-ready", node, slot })),
  ];
}

/** Scheduler events for a node's report: one or none. */
export function eventsOfReport(node: NodeId, report: NodeReport): EventBody[] {
  switch (report.type) {
    case "slot-changed":
      if (report.state === "ready") return [{ type: "slot-ready", node, slot: report.slot }];
      return report.state === "lost" ? [{ type: "slot-lost", node, slot: report.slot }] : [];
    case "frame-started": {
      const { slot, frame, attempt } = report;
      return [{ type: "attempt-started", node, slot, frame, attempt }];
    }
    case "frame-progress":
      return [{ type: "attempt-progressed", node, frame: report.frame, attempt: report.attempt }];
    case "frame-rendered": {
      const { frame, attempt, seconds } = report.result;
      return [{ type: "attempt-rendered", node, frame, attempt, seconds }];
    }
    case "frame-failed": {
      const { frame, attempt, error } = report;
      return [{ type: "attempt-failed", node, frame, attempt, error: attemptErrorOf(error) }];
    }
    case "frame-withdrawn":
      return [{ type: "attempt-withdrawn", node, frame: report.frame, attempt: report.attempt }];
    default:
      return [];
  }
}

/** The results that an input reports. */
export function resultsIn(input: LoopInput): readonly FrameResult[] {
  if (input.type === "joined") return input.node.opened.results;
  return input.type === "report" && input.report.type === "frame-rendered" ? [input.report.result] : [];
}
