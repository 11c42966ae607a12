import { withinTime } from "../../core/time-limit.ts";
import type { FarmEvent } from "../events.ts";
import type { JobInputs } from "./loop/job-inputs.ts";

/** A node sends what it has to say about the blendfile before its first slot is ready. */
const warningsWithinMs = 10_000;

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
      tell({ type: "warning", code: report.code, message: report.message, name: nameOf(input.node) });
    }
  };
  await withinTime(hear(), warningsWithinMs, () => new Error("no slot was ready")).catch(() => {});
}
