import { counted, type FarmEvent, formatDuration, type Overrides, overrideTexts, printable } from "../../index.ts";
import { roughDuration } from "./time-left.ts";

/** What a bake is about, and how it has ended, for people. */
export function bakeText(event: Extract<FarmEvent, { type: `bake:${string}` }>): string {
  const name = printable(event.name);
  if (event.type === "bake:started") {
    const limit = event.limitMs === null ? "" : `, for ${formatDuration(event.limitMs)} at most (--bake-limit)`;
    return `Node ${name} bakes ${counted(event.simulations, "simulation")}${limit}`;
  }
  if (event.type === "bake:progressed") {
    const eta = event.etaMs === null ? "" : `, about ${roughDuration(event.etaMs)} to go`;
    return `Node ${name} bakes: ${Math.round(100 * event.fraction)} %${eta}`;
  }
  if (event.type === "bake:long") {
    const expected = roughDuration(event.expectedMs);
    return `Node ${name} needs about ${expected} to bake. With --simulations sequential, each node plays the scene instead`;
  }
  if (event.why !== null) {
    const next = event.again ? "it is tried again" : "each node plays the scene";
    return `Node ${name} did not bake: ${printable(event.why)}; ${next}`;
  }
  return `Baked in ${formatDuration(event.seconds * 1000)}: three frames are as in the played scene`;
}

/** What a job renders otherwise than its blendfile says, for people. */
export function otherwiseText(overrides: Overrides): string {
  return `Otherwise than in the blendfile: ${overrideTexts(overrides).map(printable).join(", ")}`;
}

/** Why this machine takes no part, for people. */
export function hereText({ reason }: Extract<FarmEvent, { type: "here:idle" }>): string {
  return `This machine does not render too: ${printable(reason)}`;
}
