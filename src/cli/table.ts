import { pad, padLeft, widthOf } from "./display-width.ts";

export interface Column {
  readonly heading: string;
  /** Numbers are aligned on the right. */
  readonly isNumber?: boolean;
  /** Longer cells are cut. In display columns of a terminal, like all widths here. */
  readonly most?: number;
  /** How narrow the column may become if the table is too wide; without it, the column keeps its width. */
  readonly least?: number;
}

const gap = "  ";

/** Rows of cells, each as wide as its column. The first row has the headings. Texts must already be safe to print. */
export function layOutCells(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  { room = Number.POSITIVE_INFINITY, ellipsis = "…" } = {},
): string[][] {
  const widths = columns.map(({ heading, most = Number.POSITIVE_INFINITY }, index) =>
    Math.min(most, Math.max(widthOf(heading), ...rows.map((row) => widthOf(row[index] ?? "")))),
  );
  for (const [index, { least }] of [...columns.entries()].reverse()) {
    const excess = widths.reduce((sum, width) => sum + width + gap.length, -gap.length) - room;
    const width = widths[index] ?? 0;
    if (least !== undefined && excess > 0) widths[index] = Math.min(width, Math.max(least, width - excess));
  }
  return [columns.map(({ heading }) => heading), ...rows].map((row) =>
    columns.map(({ isNumber }, index) => (isNumber ? padLeft : pad)(row[index] ?? "", widths[index] ?? 0, ellipsis)),
  );
}

/** The lines of a table, with two spaces between columns, narrowed to the given width where its columns allow it. */
export function formatTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  room?: number,
): [headings: string, ...lines: string[]] {
  const [headings = [], ...cells] = layOutCells(columns, rows, { room });
  const line = (row: readonly string[]) => row.join(gap).trimEnd();
  return [line(headings), ...cells.map(line)];
}
