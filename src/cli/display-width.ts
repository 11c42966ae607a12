import sliceAnsi from "slice-ansi";
import stringWidth from "string-width";

/** Widths of recently drawn texts. A view draws the same texts several times a second, and measuring is slow. */
const known = new Map<string, number>();
const mostKnown = 2_000;

/** How many columns a tidied text takes up. */
export function widthOf(text: string): number {
  const width = known.get(text) ?? stringWidth(text);
  if (known.size >= mostKnown) known.clear();
  known.set(text, width);
  return width;
}

/** Cuts a tidied text to a number of columns; an ellipsis shows that it was cut. */
export function cut(text: string, columns: number, ellipsis = "…"): string {
  if (widthOf(text) <= columns) return text;
  const room = columns - widthOf(ellipsis);
  if (room < 0) return ".".repeat(Math.max(0, columns));
  const head = sliceAnsi(text, 0, room);
  // A character two columns wide may lie across the cut.
  return (widthOf(head) > room ? sliceAnsi(text, 0, room - 1) : head) + ellipsis;
}

/** Makes a text exactly that many columns wide: cuts it, or appends spaces. */
export function pad(text: string, columns: number, ellipsis = "…"): string {
  const fitting = cut(text, columns, ellipsis);
  return fitting + " ".repeat(Math.max(0, columns - widthOf(fitting)));
}

/** Like `pad`, but with the spaces on the left, for numbers. */
export function padLeft(text: string, columns: number, ellipsis = "…"): string {
  const fitting = cut(text, columns, ellipsis);
  return " ".repeat(Math.max(0, columns - widthOf(fitting))) + fitting;
}
