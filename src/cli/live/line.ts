import { cut, widthOf } from "../display-width.ts";

/** The meaning of a piece of a line; `paint` maps it to a colour. */
export type Tone = "plain" | "strong" | "faint" | "accent" | "rendering" | "stored" | "encoded" | "warning" | "error";

/** A piece of a line; its text is already tidied. */
export interface Span {
  readonly text: string;
  readonly tone: Tone;
}

export type Line = readonly Span[];

/** The signs that lines are drawn with. There are two sets, with and without Unicode. */
export interface Signs {
  readonly ellipsis: string;
  readonly arrow: string;
  readonly times: string;
  readonly dash: string;
  readonly done: string;
  readonly info: string;
  readonly warning: string;
  readonly error: string;
  readonly at: Readonly<Record<"rendering" | "waiting" | "idle" | "away", string>>;
  readonly bar: { readonly full: string; readonly rest: string };
  /** Five signs that can be told apart without colour. */
  readonly cell: Readonly<Record<"queued" | "rendering" | "stored" | "encoded" | "failed", string>>;
}

const unicodeSigns: Signs = {
  ellipsis: "…",
  arrow: "→",
  times: "×",
  dash: "–",
  done: "✓",
  info: "·",
  warning: "▲",
  error: "✗",
  at: { rendering: "●", waiting: "◐", idle: "○", away: "✗" },
  bar: { full: "━", rest: "─" },
  cell: { queued: "░", rendering: "▒", stored: "▓", encoded: "█", failed: "✗" },
};

const asciiSigns: Signs = {
  ellipsis: "...",
  arrow: "->",
  times: "x",
  dash: "-",
  done: "OK",
  info: "-",
  warning: "!",
  error: "x",
  at: { rendering: "*", waiting: "+", idle: "-", away: "x" },
  bar: { full: "#", rest: "-" },
  cell: { queued: ".", rendering: "o", stored: "=", encoded: "#", failed: "x" },
};

export function signsOf(hasUnicode: boolean): Signs {
  return hasUnicode ? unicodeSigns : asciiSigns;
}

const codes: Readonly<Record<Tone, string>> = {
  plain: "",
  strong: "1",
  faint: "2",
  accent: "36",
  rendering: "33",
  stored: "36",
  encoded: "32",
  warning: "33",
  error: "31",
};

export function span(text: string, tone: Tone = "plain"): Span {
  return { text, tone };
}

export function widthOfLine(line: Line): number {
  return line.reduce((width, { text }) => width + widthOf(text), 0);
}

/** The line cut to a number of columns. */
export function fitLine(line: Line, columns: number, ellipsis: string): Line {
  if (widthOfLine(line) <= columns) return line;
  const fitting: Span[] = [];
  let room = columns;
  for (const [index, { text, tone }] of line.entries()) {
    const width = widthOf(text);
    const isLast = line.slice(index + 1).every((later) => later.text === "");
    // If the next piece has no room at all, this one must show the cut, so it keeps space for the ellipsis.
    if (width < room || (width === room && isLast)) {
      fitting.push({ text, tone });
      room -= width;
      continue;
    }
    fitting.push({ text: cut(width === room ? `${text} ` : text, room, ellipsis), tone });
    break;
  }
  return fitting;
}

/** The line as text for a terminal. */
export function paint(line: Line, hasColor: boolean): string {
  if (!hasColor)
    return line
      .map(({ text }) => text)
      .join("")
      .trimEnd();
  return line
    .map(({ text, tone }) =>
      codes[tone] === "" || text.trim() === "" ? text : `\u001b[${codes[tone]}m${text}\u001b[0m`,
    )
    .join("");
}

/** Pieces side by side, with the same separator between them. */
export function joined(pieces: readonly Span[], separator: string): Line {
  return pieces.flatMap((piece, index) => (index === 0 ? [piece] : [span(separator), piece]));
}
