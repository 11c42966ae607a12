import { withinTime } from "../../core/time-limit.ts";
import type { FarmEvent } from "../events.ts";
import type { JoinedNode } from "../worker.ts";
import type { JobInputs } from "./loop/job-inputs.ts";

/** A node sends what it has to say about the blendfile before its first slot is ready. */
const warningsWithinMs = 10_000;
/** One that has the blendfile open already says it again at once, and no slot becomes ready. */
const repeatedWithinMs = 300;

/** Whether a warning is about the scene, and so the same on all nodes: it is told once, and names none of them. */
export function isOfScene(code: string): boolean {
  return code === "OVERRIDE_HOLDS" || code === "OVERRIDE_NO_EFFECT";
}

/** Passes on the node's warnings about the blendfile, which follow its opening. */
export async function hearWarnings(
  inputs: JobInputs,
  { opened, worker }: JoinedNode,
  tell: (event: FarmEvent) => void,
  nameOf: (node: string) => string,
): Promise<void> {
  const hear = async () => {
    for await (const input of inputs) {
      if (input.type === "lost" && input.node === worker.info.node) return;
      if (input.type !== "report") continue;
      const { report } = input;
      if (report.type === "slot-changed" && report.state === "ready") return;
      if (report.type !== "warning") continue;
      const { code, message } = report;
      tell({ type: "warning", code, message, name: isOfScene(code) ? null : nameOf(input.node) });
    }
  };
  const isOpen = opened.slots.some(({ state }) => state === "ready");
  await withinTime(hear(), isOpen ? repeatedWithinMs : warningsWithinMs, () => new Error("no slot was ready")).catch(
    () => {},
  );
}
