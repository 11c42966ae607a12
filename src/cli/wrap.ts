import wrapAnsi from "wrap-ansi";
import { widthOf } from "./display-width.ts";

/** Lines are never made narrower than this, however narrow the terminal is. */
const leastColumns = 20;

/** Stands for a space at which no line ends; a character that no text has (Unicode's private use area). */
const boundSpace = "\ue000";

/** A path, a name or a command in quotes. */
const quoted = /(?<![^\s(])(['"])[^'"\n]+\1(?![^\s),.:;?])/g;

/** The part of `process.stderr` that decides how its lines are wrapped. */
export interface WrappedStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
}

/**
 * Wraps lines at words. Lines that are added are indented like the line that they continue, and by two spaces at least:
 * most texts contain words of others, and none of these may look like the start of a line of ours. A word that is too
 * long for a line, such as a path, is left whole, so that it can be copied; so are words in quotes that fit on a line.
 */
export function wrapAtWords(text: string, columns: number): string {
  return text
    .split("\n")
    .map((line) => wrapLine(line, columns))
    .join("\n");
}

function wrapLine(line: string, columns: number): string {
  if (widthOf(line) <= columns) return line;
  const indent = /^ */.exec(line)?.[0] ?? "";
  const added = indent.length < 2 ? "  " : indent;
  return `${indent}${rowsOf(line.slice(indent.length), columns - added.length).join(`\n${added}`)}`;
}

/**
 * The lines of a text that is one line and has no indent.
 *
 * @param breaksWords Whether words that are too long for a line are broken, so that no line is ever too long
 */
export function rowsOf(line: string, columns: number, breaksWords = false): string[] {
  const room = Math.max(leastColumns, columns);
  if (widthOf(line) <= room) return [line];
  const bound = line.replace(quoted, (words) => (widthOf(words) <= room ? words.replaceAll(" ", boundSpace) : words));
  return wrapAnsi(bound, room, { hard: breaksWords }).replaceAll(boundSpace, " ").split("\n");
}

/** The text as it is written to a stream: wrapped on a terminal, and unchanged elsewhere, where programs may read it. */
export function wrappedFor(stream: WrappedStream, text: string): string {
  return stream.isTTY === true ? wrapAtWords(text, stream.columns || 80) : text;
}
