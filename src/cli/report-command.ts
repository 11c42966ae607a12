import { resolve } from "node:path";
import { counted, formatDuration, type JobReport, printable, printableJson, reportOf } from "../index.ts";
import { formatTable } from "./table.ts";

const mostCauses = 10;

/** `renderfarm report FOLDER`: what a job folder tells of its job. */
export async function reportCommand(folder: string, options: { readonly json?: boolean }): Promise<number> {
  const report = await reportOf(resolve(folder));
  process.stdout.write(options.json ? `${printableJson(report)}\n` : reportText(report));
  return 0;
}

/** The report for people. */
export function reportText(report: JobReport): string {
  const { frames, runs, outcome, retried, slowest, causes, warnings } = report;
  const lines = [`${counted(frames, "frame")} stored in ${counted(runs, "run")}; the last run ${outcome}`];
  if (retried > 0) lines.push(`${counted(retried, "frame")} took more than one try`);
  if (slowest) {
    lines.push(`Slowest: frame ${slowest.frame}, ${slowest.seconds.toFixed(1)} s on ${printable(slowest.node.name)}`);
  }
  const rows = report.nodes.map((node) => [
    ...[printable(node.name), printable(node.blender), printable(node.device), String(node.frames)],
    ...[(node.renderSeconds / node.frames).toFixed(2), node.uploadSeconds.toFixed(1), node.loadSeconds.toFixed(1)],
  ]);
  const table = formatTable(["node", "Blender", "device", "frames", "s/frame", "upload s", "load s"], rows);
  const text = [...lines, "", table.trimEnd(), ...timeLines(report)];
  if (causes.length > 0) {
    text.push("", "Attempts that came to nothing:");
    for (const { reason, count } of causes.slice(0, mostCauses)) text.push(`  ${count} × ${printable(reason)}`);
  }
  if (warnings.length > 0) text.push("", ...warnings.map((warning) => `Warning: ${printable(warning)}`));
  return `${text.join("\n")}\n`;
}

function timeLines({ time }: JobReport): string[] {
  if (!time) return [];
  const seconds = (value: number) => formatDuration(value * 1000);
  return [
    "",
    `Last run: ${seconds(time.wallSeconds)}, of which ${seconds(time.encodeSeconds)} after the last frame (encoding)`,
    `Slots: ${seconds(time.renderSeconds)} rendering, ${seconds(time.loadSeconds)} loading, ${seconds(time.uploadSeconds)} uploading, ${seconds(time.waitSeconds)} waiting; transfers took ${seconds(time.transferSeconds)} beside that`,
    `Efficiency: ${Math.round(time.efficiency * 100)} % of the slots' time went into frames of the video`,
  ];
}
