import { withinTime } from "../../core/time-limit.ts";
import type { FarmEvent } from "../events.ts";
import type { JobInputs } from "./loop/job-inputs.ts";

/** A node sends what it has to say about the blendfile before its first slot is ready. */
const warningsWithinMs = 10_000;

/** Whether a warning is about the scene, and so the same on all nodes: it is told once, and names none of them. */
export function isOfScene(code: string): boolean {
  return code === "OVERRIDE_HOLDS" || code === "OVERRIDE_NO_EFFECT";
}

/** Passes on the node's warnings about the blendfile, which follow its opening. */
export async function hearWarnings(
  inputs: JobInputs,
  tell: (event: FarmEvent) => void,
  nameOf: (node: string) => string,
): Promise<void> {
  const hear = async () => {
    for await (const input of inputs) {
      if (input.type !== "report") continue;
      const { report } = input;
      if (report.type === "slot-changed" && report.state === "ready") return;
      if (report.type !== "warning") continue;
      const { code, message } = report;
      tell({ type: "warning", code, message, name: isOfScene(code) ? null : nameOf(input.node) });
    }
  };
  await withinTime(hear(), warningsWithinMs, () => new Error("no slot was ready")).catch(() => {});
}
