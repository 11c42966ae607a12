import { rowsOf } from "../wrap.ts";
import { type Line, span } from "./line.ts";

/**
 * Wraps a line at words.
 *
 * @param headLength How many characters at its start, a sign or an indent, the other lines have as spaces
 */
export function wrapLine(line: Line, columns: number, headLength: number): Line[] {
  const text = line.map((piece) => piece.text).join("");
  let position = headLength;
  return rowsOf(text.slice(headLength), columns - headLength).map((row, index) => {
    position = text.indexOf(row, position);
    const head = index === 0 ? partOf(line, 0, headLength) : [span(" ".repeat(headLength))];
    const part = partOf(line, position, position + row.length);
    position += row.length;
    return [...head, ...part];
  });
}

/** The pieces from one character to another. */
function partOf(line: Line, from: number, to: number): Line {
  let start = 0;
  return line.flatMap(({ text, tone }) => {
    const part = text.slice(Math.max(0, from - start), Math.max(0, to - start));
    start += text.length;
    return part === "" ? [] : [{ text: part, tone }];
  });
}
