import sliceAnsi from "slice-ansi";
import stringWidth from "string-width";

/** Widths of the texts drawn last. A view draws the same texts several times a second, and measuring them is slow. */
const known = new Map<string, number>();
const mostKnown = 2_000;

/** How many columns a tidied text takes. */
export function widthOf(text: string): number {
  const width = known.get(text) ?? stringWidth(text);
  if (known.size >= mostKnown) known.clear();
  known.set(text, width);
  return width;
}

/** Cuts a tidied text to so many columns; what is cut shows by the ellipsis. */
export function cut(text: string, columns: number, ellipsis = "…"): string {
  if (widthOf(text) <= columns) return text;
  const room = columns - widthOf(ellipsis);
  if (room < 0) return ".".repeat(Math.max(0, columns));
  const head = sliceAnsi(text, 0, room);
  // A character of two columns may stand across the cut.
  return (widthOf(head) > room ? sliceAnsi(text, 0, room - 1) : head) + ellipsis;
}

/** Exactly so many columns: cut, or filled up with spaces. */
export function pad(text: string, columns: number, ellipsis = "…"): string {
  const fitting = cut(text, columns, ellipsis);
  return fitting + " ".repeat(Math.max(0, columns - widthOf(fitting)));
}

/** As `pad`, with the spaces on the left, for numbers. */
export function padLeft(text: string, columns: number, ellipsis = "…"): string {
  const fitting = cut(text, columns, ellipsis);
  return " ".repeat(Math.max(0, columns - widthOf(fitting))) + fitting;
}
