import { counted, type FarmEvent, formatDuration, printable } from "../index.ts";

/** What a bake is about, and how it has ended, for people. */
export function bakeText(
  event: Extract<FarmEvent, { type: "bake:started" | "bake:progressed" | "bake:ended" }>,
): string {
  const name = printable(event.name);
  if (event.type === "bake:started") {
    const limit = formatDuration(event.limitMs);
    return `Node ${name} bakes ${counted(event.simulations, "simulation")}, for ${limit} at most (--bake-limit)`;
  }
  if (event.type === "bake:progressed") {
    const eta = event.etaMs === null ? "" : `, ${formatDuration(event.etaMs)} to go`;
    return `Node ${name} bakes: ${Math.round(100 * event.fraction)} %${eta}`;
  }
  if (event.why !== null) return `Node ${name} could not bake: ${printable(event.why)}; each node plays the scene`;
  return `Baked in ${formatDuration(event.seconds * 1000)}: three frames are as in the played scene`;
}
