import type { JobSettings } from "../../config/job-settings.ts";
import type { Overrides } from "../../config/overrides.ts";
import type { NodeId } from "../../core/node.ts";
import type { NodeReport } from "../../session/node-report.ts";
import type { FarmListener } from "../events.ts";
import { overridesOf } from "../output/recorded-scene.ts";
import type { JoinedNode } from "../worker.ts";
import type { JobInputs } from "./loop/job-inputs.ts";

/** A node sends what it has to say about the blendfile before its first slot is ready. */
const warningsWithinMs = 10_000;
/** One that has the blendfile open already says it again at once, and no slot becomes ready. */
const repeatedWithinMs = 300;

/**
 * Whether a warning is about one of the job's overrides, and so the same on all nodes: it is told once, and names none
 * of them.
 */
export function isOfOverride({ override }: Warning, overrides: Overrides | null): boolean {
  return override !== undefined && Object.hasOwn(overrides ?? {}, override);
}

type Warning = Extract<NodeReport, { type: "warning" }>;

interface Listeners {
  readonly settings: JobSettings;
  readonly fleet: { nameOf(node: NodeId): string };
  readonly tell: FarmListener;
}

/** Passes on the node's warnings about the blendfile, which follow its opening. */
export async function hearWarnings(
  inputs: JobInputs,
  { opened, worker }: JoinedNode,
  { settings, fleet, tell }: Listeners,
): Promise<void> {
  const overrides = overridesOf(settings);
  const isOpen = opened.slots.some(({ state }) => state === "ready");
  let isOver = false;
  // No reader may be left behind: the inputs are for whoever comes next.
  const timer = setTimeout(
    () => {
      isOver = true;
      inputs.push({ type: "wake" });
    },
    isOpen ? repeatedWithinMs : warningsWithinMs,
  );
  try {
    for await (const input of inputs) {
      if (isOver && input.type === "wake") return;
      if (input.type === "lost" && input.node === worker.info.node) return;
      if (input.type !== "report") continue;
      const { report } = input;
      if (report.type === "slot-changed" && report.state === "ready") return;
      if (report.type !== "warning") continue;
      const { code, message } = report;
      tell({ type: "warning", code, message, name: isOfOverride(report, overrides) ? null : fleet.nameOf(input.node) });
    }
  } finally {
    clearTimeout(timer);
  }
}
