import { counted, formatDuration, type JobReport } from "../../index.ts";
import { cut, pad, padLeft, widthOf } from "../display-width.ts";
import { tidy } from "../live/tidy.ts";
import { type Column, formatTable } from "../table.ts";
import { otherwiseText } from "../texts/event-texts.ts";
import { rowsOf } from "../wrap.ts";

/** Causes, node problems and warnings beyond this number are not listed; the JSON has them all. */
const mostListed = 10;
/** A message of a node may be pages long. */
const mostLines = 3;

const outcomes = {
  completed: "Completed",
  failed: "Failed",
  interrupted: "Interrupted",
  estimated: "Estimated",
  unfinished: "Not finished",
} as const;

/**
 * The report for people, the most important first. Texts from nodes are made printable.
 *
 * @param columns How wide the terminal is
 */
export function reportText(report: JobReport, columns = 80): string {
  const sections = [headline(report, columns), causes(report, columns), problems(report, columns)];
  sections.push(nodes(report, columns), time(report), warnings(report, columns));
  const written = sections.filter((lines) => lines.length > 0);
  return `${written.map((lines) => lines.join("\n")).join("\n\n")}\n`;
}

function headline(report: JobReport, columns: number): string[] {
  const { outcome, error, frames, expected, missing, runs, earlierRuns, time } = report;
  const stored = expected === null ? counted(frames, "frame") : `${frames} of ${counted(expected, "frame")}`;
  const rest = missing === "" ? "" : `, missing: ${missing}`;
  const title = [report.name, report.owner === null ? null : `of ${report.owner}`].filter((part) => part !== null);
  const lines = title.length === 0 ? [] : [cut(tidy(title.join(" ")), columns)];
  if (runs === 0) lines.push(...wrap(`${stored} stored${rest}; there is no log`, columns));
  else lines.push(...wrap(`${outcomes[outcome]}: ${stored} stored${rest}`, columns));
  if (error) lines.push(...wrap(`${error.code}: ${error.message}`, columns, 2));
  if (outcome === "interrupted") lines.push("  The same command continues from here");
  if (outcome === "estimated") lines.push("  The same command without --estimate renders the rest");
  if (outcome === "unfinished" && runs > 0)
    lines.push("  It is running, or it was killed: the same command continues from here");
  const before = earlierRuns === 0 ? "" : `, after ${counted(earlierRuns, "run")} whose frames are no longer used`;
  if (time) lines.push(`${counted(runs, "run")} in ${duration(time.wall)}${before}`);
  if (report.overrides !== null) lines.push(...wrap(otherwiseText(report.overrides), columns));
  return lines;
}

function causes(report: JobReport, columns: number): string[] {
  if (report.causes.length === 0) return [];
  const width = Math.max(...report.causes.map(({ count }) => String(count).length)) + 2;
  const lines = report.causes.slice(0, mostListed).flatMap(({ code, count, nodes, failedFrames, message, hint }) => {
    const counts = nodes.map(({ name, count }) => (nodes.length === 1 ? name : `${name} ${count}`));
    const where = nodes.length === 0 ? "" : ` (${counts.join(", ")})`;
    const lost = failedFrames === "" ? "" : `; frames failed: ${failedFrames}`;
    const [first = "", ...others] = wrap(`${code ?? message}${where}${lost}`, columns, width + 3);
    const title = `${padLeft(String(count), width)} × ${first.trimStart()}`;
    const more = [code === null ? "" : message, hint].filter((text) => text !== "");
    return [title, ...others, ...more.flatMap((text) => wrap(text, columns, width + 3))];
  });
  return ["Failed and wasted renders", ...lines, ...notListed(report.causes, "cause")];
}

function problems(report: JobReport, columns: number): string[] {
  if (report.problems.length === 0) return [];
  const names = report.problems.map(({ name }) => tidy(name));
  const width = Math.min(16, Math.max(...names.map(widthOf)));
  const lines = report.problems.slice(0, mostListed).flatMap(({ name, what, count, message, hint }) => {
    const times = count === 1 ? "" : ` ${count} times`;
    const [first = "", ...others] = wrap(`${what}${times}: ${message}`, columns, width + 4);
    const title = `  ${pad(tidy(name), width)}  ${first.trimStart()}`;
    return [title, ...others, ...(hint === "" ? [] : wrap(hint, columns, width + 4))];
  });
  return ["Problems of nodes", ...lines, ...notListed(report.problems, "line")];
}

/** Names and devices are cut if the terminal is too narrow. */
const nodeColumns: readonly Column[] = [
  { heading: "node", least: 12 },
  { heading: "Blender", least: 8 },
  { heading: "device", least: 8 },
  ...["frames", "s/frame", "upload", "load"].map((heading) => ({ heading, isNumber: true })),
];

function nodes({ nodes, slowest, retried }: JobReport, columns: number): string[] {
  if (nodes.length === 0) return [];
  const rows = nodes.map(({ name, blender, devices, frames, renderSeconds, time }) => {
    const ofSlot = (seconds: number) => (time === null ? "" : duration(seconds / time.slots));
    const [upload, load] = [ofSlot(time?.upload ?? 0), ofSlot(time?.load ?? 0)];
    const each = frames === 0 ? "" : (renderSeconds / frames).toFixed(2);
    return [tidy(name), tidy(blender.join(", ")), tidy(devices.join(", ")), String(frames), each, upload, load];
  });
  const lines = formatTable(nodeColumns, rows, columns);
  if (slowest) {
    const where = `frame ${slowest.frame}, ${slowest.seconds.toFixed(2)} s on ${slowest.name}`;
    lines.push(
      ...wrap(
        `Slowest: ${where}${retried === 0 ? "" : `; ${counted(retried, "frame")} were rendered more than once`}`,
        columns,
      ),
    );
  }
  return lines;
}

const timeColumns: readonly Column[] = [
  { heading: "" },
  { heading: "", isNumber: true },
  { heading: "", isNumber: true },
  { heading: "" },
];

function time({ time, playSeconds }: JobReport): string[] {
  if (!time) return [];
  const { slots, transfer, encode, efficiency } = time;
  const there = slots.render + slots.wasted + slots.upload + slots.load + slots.wait;
  const rows = [
    ["render", slots.render, there, "frames of the output"],
    ["play", playSeconds, there, "of that, playing simulations up to the frames"],
    ["wasted", slots.wasted, there, "renders that failed, were lost or came too late"],
    ["upload", slots.upload, there, "the blendfile on its way to the node"],
    ["load", slots.load, there, "the blendfile being opened"],
    ["wait", slots.wait, there, "for work"],
    ["busy", slots.busy, 0, "with other users' jobs; not counted"],
    ["away", slots.away, 0, "lost, barred or excluded; not counted"],
    ["transfer", transfer, 0, "sending results, during the rendering"],
    ["encode", encode, 0, "after the last frame"],
  ] as const;
  const cells = rows
    .filter(([, seconds]) => seconds >= 0.05)
    .map(([name, seconds, whole, meaning]) => {
      return [`  ${name}`, duration(seconds), whole === 0 ? "" : percent(seconds / whole), meaning];
    });
  const [, ...lines] = formatTable(timeColumns, cells);
  const title = `Where the time of ${counted(slots.slots, "slot")} went`;
  return [efficiency === null ? title : `${title}: efficiency ${percent(efficiency)}`, ...lines];
}

function warnings(report: JobReport, columns: number): string[] {
  const lines = report.warnings.slice(0, mostListed).flatMap((warning) => {
    const [first = "", ...others] = wrap(`Warning: ${warning}`, columns - 2);
    return [first, ...others.map((line) => `  ${line}`)];
  });
  return [...lines, ...notListed(report.warnings, "warning")];
}

function notListed(list: readonly unknown[], noun: string): string[] {
  return list.length <= mostListed ? [] : [`  … and ${counted(list.length - mostListed, `more ${noun}`)}: see --json`];
}

/** Wraps a text from outside, indented by a number of columns, and cuts it after some lines. */
function wrap(text: string, columns: number, indent = 0): string[] {
  const width = Math.max(20, columns - indent);
  const rows = rowsOf(tidy(text), width, true);
  const rest = rows.slice(mostLines - 1).join(" ");
  const shown = [...rows.slice(0, mostLines - 1), ...(rest === "" ? [] : [cut(rest, width)])];
  return shown.map((row) => " ".repeat(indent) + row);
}

function duration(seconds: number): string {
  return seconds > 0 && seconds < 9.95 ? `${seconds.toFixed(1)} s` : formatDuration(seconds * 1000);
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}
