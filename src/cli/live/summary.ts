import { counted, type Estimate, formatDuration, type JobSummary, type NodeTally } from "../../index.ts";
import { type Column, layOutCells } from "../table.ts";
import { estimatedText, estimateText } from "../texts/estimate-text.ts";
import { outputWords, passesText, picturesText } from "../texts/output-words.ts";
import { fitLine, type Line, type Signs, span, type Tone } from "./line.ts";
import { formatSeconds } from "./slot-table.ts";
import { tidy } from "./tidy.ts";
import type { Notice, ViewState } from "./view-state.ts";
import { wrapLine } from "./wrapped-line.ts";

/** What the lines are drawn with, and for how many columns. */
export interface SummaryLook {
  readonly signs: Signs;
  readonly columns: number;
}

/** The lines that stay on the screen after a completed job. */
export function summaryLines(state: ViewState, result: JobSummary, look: SummaryLook): Line[] {
  const { signs, columns } = look;
  const reused = result.reused > 0 ? `, ${result.reused} of them from an earlier run` : "";
  const rendered = result.frames - result.reused;
  const work = result.nodes.reduce((sum, node) => sum + node.renderSeconds, 0);
  const inTime = `${counted(result.frames, "frame")} in ${formatDuration(result.seconds * 1000)}`;
  const isDone = `, each rendered, checked and ${outputWords(state.job?.makes).isDone}${reused}`;
  const lines: Line[] = [
    [span(`${signs.done} `, "encoded"), span(tidy(result.output), "strong")],
    ...wrapLine([span(`  ${inTime}${lengthOf(state, result)}`), span(isDone, "faint")], columns, 2),
  ];
  if (result.pictures) lines.push(...wrapLine([span(`  ${picturesText(result.pictures)}`)], columns, 2));
  if (result.passes) lines.push(...wrapLine([span(`  ${passesText(result.passes)}`)], columns, 2));
  if (result.nodes.length > 0) lines.push([], ...nodeTable(result.nodes, rendered, look));
  const remarks: Line[] = [];
  if (state.slowest && rendered > 1) {
    const { frame, seconds, name } = state.slowest;
    remarks.push([span("  Slowest frame: ", "faint"), span(`${frame}, ${formatSeconds(seconds)} on ${name}`)]);
  }
  if (result.nodes.length > 1 && result.seconds > 0 && work > result.seconds) {
    const factor = (work / result.seconds).toFixed(1);
    remarks.push([
      span("  Rendering time: ", "faint"),
      span(`${formatDuration(work * 1000)} in all, ${factor} times the time that passed`),
    ]);
  }
  if (remarks.length > 0) lines.push([], ...remarks.flatMap((remark) => wrapLine(remark, columns, 2)));
  const warnings = result.warnings.map((text): Notice => ({ level: "warning", text: tidy(text), hint: "" }));
  const notes = [...warnings, ...otherNotes(state, warnings)];
  if (notes.length > 0) lines.push([], ...noteLines(notes, look));
  return lines;
}

/** The lines that stay on the screen after an estimate. */
export function estimatedLines(state: ViewState, estimate: Estimate, look: SummaryLook): Line[] {
  const { signs } = look;
  const lines: Line[] = [
    [span(`${signs.done} `, "encoded"), span(estimateText(estimate), "strong")],
    [span(`  ${estimatedText(estimate)}`, "faint")],
  ];
  const notes = otherNotes(state, []);
  return notes.length > 0 ? [...lines, [], ...noteLines(notes, look)] : lines;
}

/** The lines that stay on the screen after an interrupted job. */
export function interruptedLines(state: ViewState, missing: number | null, look: SummaryLook): Line[] {
  const { signs } = look;
  const total = state.cells.frames.length;
  const stored = total > 0 ? `; ${state.cells.countOf("stored")} of ${total} are stored` : "";
  const lines: Line[] = [
    [
      span(`${signs.warning} `, "warning"),
      span(`Stopped${missing === null ? "" : ` with ${counted(missing, "frame")} to go`}${stored}`, "strong"),
    ],
    [span("  The same command continues from here", "faint")],
  ];
  const nodes = talliesOf(state);
  const rendered = nodes.reduce((sum, node) => sum + node.frames, 0);
  if (nodes.length > 0) lines.push([], ...nodeTable(nodes, rendered, look));
  const notes = otherNotes(state, []);
  if (notes.length > 0) lines.push([], ...noteLines(notes, look));
  return lines;
}

/**
 * The lines that stay on the screen after a failed job.
 *
 * @param errorMessage The message of the error. It is printed below the view, so notes that it repeats are dropped
 */
export function brokenLines(state: ViewState, errorMessage: string, look: SummaryLook): Line[] {
  const total = state.cells.frames.length;
  const stored = state.cells.countOf("stored");
  const error = tidy(errorMessage);
  const notes = otherNotes(state, []).filter(({ text }) => !error.includes(text));
  const lines = noteLines(notes, look);
  if (total > 0) lines.push([span(`${stored} of ${counted(total, "frame")} stored`)]);
  return lines;
}

/** How long the video is, for example " (10.4 s of video)"; nothing for pictures. */
function lengthOf({ job, scene }: ViewState, { frames }: JobSummary): string {
  if (job?.makes === "pictures") return "";
  const [numerator, denominator = 1] = (scene?.fps ?? "").split("/").map(Number);
  if (!numerator || !denominator) return "";
  return ` (${formatSeconds((frames * denominator) / numerator)} of video)`;
}

function talliesOf(state: ViewState): NodeTally[] {
  return Array.from(state.nodes, ([node, { name, blender, frames, seconds }]): NodeTally => {
    return { node, name, blender, frames, renderSeconds: seconds };
  })
    .filter(({ frames }) => frames > 0)
    .sort((a, b) => b.frames - a.frames);
}

const nodeColumns: readonly Column[] = [
  { heading: "node", most: 32 },
  { heading: "frames", isNumber: true },
  { heading: "per frame", isNumber: true },
  { heading: "share", isNumber: true },
  { heading: "Blender" },
];

function nodeTable(nodes: readonly NodeTally[], total: number, { signs, columns }: SummaryLook): Line[] {
  const shareWidth = 20;
  const shares = nodes.map((node) => (total === 0 ? 0 : Math.min(1, node.frames / total)));
  const rows = nodes.map((node, index) => {
    const perFrame = node.frames === 0 ? "" : formatSeconds(node.renderSeconds / node.frames);
    const share = `${Math.round((shares[index] ?? 0) * 100)}%`;
    return [tidy(node.name), String(node.frames), perFrame, share, tidy(node.blender)];
  });
  const [headings = [], ...cells] = layOutCells(nodeColumns, rows, { ellipsis: signs.ellipsis });
  const line = (row: readonly string[], tone: Tone): Line => [
    ...row.slice(0, -1).map((cell) => span(`  ${cell}`, tone)),
    span(`  ${row.at(-1)}`, "faint"),
  ];
  const bar = (share = 0) => span(`  ${signs.bar.full.repeat(Math.round(share * shareWidth))}`, "encoded");
  const table = [line(headings, "faint"), ...cells.map((row, index) => [...line(row, "plain"), bar(shares[index])])];
  return table.map((row) => fitLine(row, columns, signs.ellipsis));
}

/** Notes of the run that are not shown elsewhere, and the failed frames. */
function otherNotes(state: ViewState, shown: readonly Notice[]): Notice[] {
  const known = new Set(shown.map(({ text }) => text));
  const failures = [...state.failures.values()].map(({ level, text, hint, frames }): Notice => {
    const named = frames.slice(0, 12).join(", ") + (frames.length > 12 ? ` and ${frames.length - 12} more` : "");
    return { level, hint, text: `${frames.length === 1 ? "Frame" : "Frames"} ${named} failed: ${text}` };
  });
  const notes = [...new Map(Array.from(state.notes.values(), (note) => [note.text, note])).values()];
  return [...notes.filter(({ text }) => !known.has(text)), ...failures];
}

function noteLines(notes: readonly Notice[], { signs, columns }: SummaryLook): Line[] {
  const tones: Readonly<Record<Notice["level"], Tone>> = { info: "faint", warning: "warning", error: "error" };
  return notes.flatMap(({ level, text, hint }): Line[] => {
    const sign = `${signs[level]} `;
    const hints = hint === "" ? [] : wrapLine([span(`  ${hint}`, "faint")], columns, 2);
    return [...wrapLine([span(sign, tones[level]), span(text)], columns, sign.length), ...hints];
  });
}
