import { padLeft } from "../display-width.ts";
import { outputWords } from "../texts/output-words.ts";
import { type Line, type Signs, type Span, span, type Tone } from "./line.ts";
import type { ViewState } from "./view-state.ts";

/** How the cells of the frames are laid out. */
export interface StripPlan {
  readonly lines: number;
  readonly cellsPerLine: number;
  /** Frames that share a cell. */
  readonly framesPerCell: number;
  /** Columns of a cell; a cell of more than one column ends with a gap. */
  readonly cellWidth: number;
  /** Columns of the frame number before each line; 0 for no numbers. */
  readonly labelWidth: number;
}

type CellKind = keyof Signs["cell"];

/** Gives each frame its own cell if the lines have room for that; otherwise frames share cells. */
export function planStrip(state: ViewState, columns: number, maxLines: number): StripPlan {
  const { frames } = state.cells;
  const digits = Math.max(...[frames[0], frames.at(-1)].map((frame) => String(frame ?? 0).length));
  const labelWidth = columns >= 40 ? digits + 2 : 0;
  const width = Math.max(1, columns - labelWidth);
  const cellWidth = Math.min(4, Math.max(1, Math.floor(width / Math.max(1, frames.length))));
  if (frames.length <= width) {
    return { lines: 1, cellsPerLine: frames.length, framesPerCell: 1, cellWidth, labelWidth };
  }
  // Lines that start at round numbers are easier to read.
  const cellsPerLine = labelWidth > 0 && maxLines > 1 ? Math.floor(width / 10) * 10 : width;
  const wanted = Math.ceil(frames.length / cellsPerLine);
  const framesPerCell = wanted <= maxLines ? 1 : Math.ceil(frames.length / (cellsPerLine * maxLines));
  const lines = Math.ceil(Math.ceil(frames.length / framesPerCell) / cellsPerLine);
  return { lines, cellsPerLine, framesPerCell, cellWidth: 1, labelWidth };
}

/** The lines of cells. */
export function stripLines(state: ViewState, plan: StripPlan, signs: Signs): Line[] {
  const { frames } = state.cells;
  return Array.from({ length: plan.lines }, (_, index): Line => {
    const start = index * plan.cellsPerLine * plan.framesPerCell;
    const end = Math.min(frames.length, start + plan.cellsPerLine * plan.framesPerCell);
    const label = plan.labelWidth === 0 ? "" : `${padLeft(String(frames[start] ?? ""), plan.labelWidth - 1)} `;
    return [span(label, "faint"), ...cellSpans(state, plan, signs, start, end)];
  });
}

/** One span for each run of cells of the same kind. */
function cellSpans(state: ViewState, plan: StripPlan, signs: Signs, start: number, end: number): Span[] {
  const spans: { text: string; tone: Tone }[] = [];
  for (let position = start; position < end; position += plan.framesPerCell) {
    const kind = kindOf(state, position, Math.min(end, position + plan.framesPerCell));
    const sign = signs.cell[kind];
    const text = plan.cellWidth === 1 ? sign : `${sign.repeat(plan.cellWidth - 1)} `;
    const last = spans.at(-1);
    if (last?.tone === toneOf[kind]) last.text += text;
    else spans.push({ text, tone: toneOf[kind] });
  }
  return spans;
}

const toneOf: Readonly<Record<CellKind, Tone>> = {
  queued: "faint",
  rendering: "rendering",
  stored: "stored",
  encoded: "encoded",
  failed: "error",
};

/**
 * What a cell shows: a failure if any frame failed, else what all its frames have reached. A started group is
 * rendering.
 */
function kindOf(state: ViewState, start: number, end: number): CellKind {
  let stored = 0;
  let isRendering = false;
  for (let position = start; position < end; position++) {
    const status = state.cells.statusAt(position);
    if (status === "failed") return "failed";
    if (status === "stored") stored += 1;
    if (status === "rendering") isRendering = true;
  }
  if (stored === end - start) return end <= state.encoded ? "encoded" : "stored";
  return isRendering || stored > 0 ? "rendering" : "queued";
}

/** The legend of the signs, with the number of frames of each kind. */
export function legendLine(state: ViewState, plan: StripPlan, signs: Signs): Line {
  const { cells } = state;
  const words: Partial<Record<CellKind, string>> = { encoded: outputWords(state.job?.makes).encoded };
  const encoded = Math.min(state.encoded, cells.countOf("stored"));
  const counts: readonly (readonly [CellKind, number])[] = [
    ["encoded", encoded],
    ["stored", cells.countOf("stored") - encoded],
    ["rendering", cells.countOf("rendering")],
    ["queued", cells.countOf("queued")],
    ["failed", cells.countOf("failed")],
  ];
  const pieces = counts
    .filter(([kind, count]) => kind !== "failed" || count > 0)
    .flatMap(([kind, count]) => [
      span(signs.cell[kind], toneOf[kind]),
      span(` ${count} ${words[kind] ?? kind}  `, "faint"),
    ]);
  const group = plan.framesPerCell === 1 ? "" : `${plan.framesPerCell} frames a cell`;
  return [span(plan.framesPerCell === 1 ? " ".repeat(plan.labelWidth) : ""), ...pieces, span(group, "faint")];
}
