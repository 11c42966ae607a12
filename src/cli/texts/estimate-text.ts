import { counted, type Estimate, formatDuration } from "../../index.ts";

/** An estimate in one line: "48 frames, about 1:40 on 3 nodes", and how sure that is. */
export function estimateText({ frames, stored, nodes, seconds, etaMs, leastMs, mostMs }: Estimate): string {
  const [fastest = 0, slowest = 0] = [seconds[0], seconds.at(-1)];
  const spread = `${formatDuration(leastMs)} to ${formatDuration(mostMs)}`;
  const sure = leastMs === mostMs ? "" : `, ${spread}`;
  const times = fastest === slowest ? fastest.toFixed(1) : `${fastest.toFixed(1)} to ${slowest.toFixed(1)}`;
  const from = `${counted(seconds.length, "frame")} took ${times} s${seconds.length > 1 ? " each" : ""}`;
  const done = stored > seconds.length ? `; ${stored} are rendered` : "";
  return `${counted(frames, "frame")}, about ${formatDuration(etaMs)} on ${counted(nodes, "node")}${sure} (${from}${done})`;
}

/** What follows an estimate that nobody was asked about. */
export function estimatedText({ frames, stored }: Estimate): string {
  return `${counted(frames - stored, "frame")} not rendered; the same command without --estimate renders the rest`;
}
