import { legendLine, planStrip, stripLines } from "./frame-strip.ts";
import { fitLine, joined, type Line, paint, type Signs, signsOf, span, type Tone } from "./line.ts";
import { countedWords, slotRows, slotTable } from "./slot-table.ts";
import { noticeLine, totalLine } from "./total-bar.ts";
import type { Notice, ViewState } from "./view-state.ts";
import { wrapLine } from "./wrapped-line.ts";

/** The terminal that a view is drawn for. */
export interface ViewSize {
  readonly columns: number;
  readonly rows: number;
  readonly hasColor: boolean;
  readonly hasUnicode: boolean;
  /** Monotonic time of the drawing, in milliseconds. */
  readonly atMs: number;
}

/**
 * Draws the state of a job as lines of text. Pure.
 *
 * @returns At most `rows - 1` lines, none wider than `columns`: the line below the last one belongs to the cursor
 */
export function renderView(state: ViewState, size: ViewSize): string[] {
  return viewLines(state, size).map((line) => paint(line, size.hasColor));
}

/** Like `renderView`, but not painted yet. */
export function viewLines(state: ViewState, size: ViewSize): Line[] {
  const columns = Math.max(1, size.columns);
  const signs = signsOf(size.hasUnicode);
  const notice = noticeLine(state);
  const rows = slotRows(state, size.atMs);
  const hasStrip = state.cells.frames.length > 0;
  const notices = noticeRows(state.notices, Math.max(1, Math.floor((size.rows - 1) / 5)), columns, signs);
  const share = shareRows(size.rows - 1, {
    notice: notice !== null,
    slots: rows.length,
    notices: notices.length,
    hasScene: state.scene !== null,
    strip: (maxLines) => (hasStrip ? planStrip(state, columns, maxLines).lines : 0),
  });
  const strip = planStrip(state, columns, Math.max(1, share.strip));
  const table = slotTable(rows, columns, signs);
  const blank: Line[] = [[]];
  const sections: Line[][] = [
    share.notices === notices.length ? notices : noticeRows(state.notices, share.notices, columns, signs),
    share.gaps > 1 && share.notices > 0 ? blank : [],
    [headerLine(state, signs), sceneLine(state, signs)].slice(0, share.header),
    share.gaps > 0 && rows.length > 0 ? blank : [],
    share.head > 0 ? [table.head] : [],
    slotLines(rows.length, share.slots, table.lines, (from) =>
      restLine(countedWords(rows.slice(from)), from, rows.length, signs),
    ),
    share.gaps > 2 && hasStrip ? blank : [],
    share.strip > 0 ? stripLines(state, strip, signs).slice(0, share.strip) : [],
    share.legend > 0 ? [legendLine(state, strip, signs)] : [],
    share.gaps > 0 ? blank : [],
    share.notice > 0 && notice ? [notice] : [],
    share.bar > 0 ? [totalLine(state, columns, signs, size.atMs)] : [],
  ];
  return sections.flat().map((line) => fitLine(line, columns, signs.ellipsis));
}

interface Wanted {
  readonly notice: boolean;
  readonly slots: number;
  readonly notices: number;
  readonly hasScene: boolean;
  /** How many lines the frames take, if they may have that many. */
  readonly strip: (maxLines: number) => number;
}

type Share = Record<"bar" | "notice" | "strip" | "slots" | "header" | "notices" | "legend" | "gaps" | "head", number>;

/** Divides the lines of the terminal: first one line for each important part, then more lines for longer parts. */
function shareRows(height: number, wanted: Wanted): Share {
  const share: Share = { bar: 0, notice: 0, strip: 0, slots: 0, header: 0, notices: 0, legend: 0, gaps: 0, head: 0 };
  let room = Math.max(0, height);
  const give = (part: keyof Share, lines: number) => {
    const given = Math.max(0, Math.min(lines, room));
    share[part] += given;
    room -= given;
  };
  give("bar", 1);
  give("notice", wanted.notice ? 1 : 0);
  give("strip", Math.min(1, wanted.strip(1)));
  give("slots", Math.min(1, wanted.slots));
  give("header", 1);
  give("notices", Math.min(1, wanted.notices));
  give("legend", Math.min(1, wanted.strip(1)));
  if (height >= 14) {
    give("gaps", 4);
    give("head", Math.min(1, wanted.slots));
    give("header", wanted.hasScene ? 1 : 0);
  }
  give("notices", Math.min(Math.max(1, Math.floor(height / 8)), wanted.notices) - share.notices);
  give("slots", Math.min(wanted.slots, 3) - share.slots);
  give("strip", wanted.strip(Math.max(1, Math.min(share.strip + room, Math.floor(height / 8)))) - share.strip);
  give("slots", wanted.slots - share.slots);
  give("notices", Math.min(Math.max(1, Math.floor(height / 5)), wanted.notices) - share.notices);
  give("strip", wanted.strip(Math.max(1, Math.min(share.strip + room, Math.floor(height / 3)))) - share.strip);
  return share;
}

/** The rows that fit; the last line counts the rows that do not. */
function slotLines(count: number, room: number, lines: readonly Line[], rest: (from: number) => Line): Line[] {
  if (room === 0 || count <= room) return lines.slice(0, room);
  return [...lines.slice(0, room - 1), rest(room - 1)];
}

function restLine(states: string, from: number, count: number, signs: Signs): Line {
  const start = from === 0 ? `${count} slots: ` : `${signs.ellipsis} and ${count - from} more: `;
  return [span(start, "faint"), span(states)];
}

function headerLine(state: ViewState, signs: Signs): Line {
  if (!state.job) return [span("renderfarm", "strong")];
  const { blend, output } = state.job;
  return [
    ...[span("renderfarm  ", "accent"), span(baseName(blend), "strong")],
    ...[span(` ${signs.arrow} `, "faint"), span(baseName(output), "strong")],
  ];
}

function sceneLine({ scene, cells }: ViewState, signs: Signs): Line {
  if (!scene) return [];
  const { name, firstFrame, lastFrame, fps, width, height, engine } = scene;
  const range =
    firstFrame === lastFrame ? `frame ${firstFrame}` : `frames ${firstFrame}${rangeSign(lastFrame, signs)}${lastFrame}`;
  const gaps = cells.frames.length < lastFrame - firstFrame + 1 ? ` (${cells.frames.length} of them)` : "";
  const facts = [name, `${range}${gaps}`, `${width}${signs.times}${height}`, `${fps} fps`, engine];
  return joined(
    facts.map((fact) => span(fact, "faint")),
    "  ",
  );
}

/** The text between two frame numbers. A dash before a minus would look like one sign. */
function rangeSign(lastFrame: number, signs: Signs): string {
  return lastFrame < 0 ? " to " : signs.dash;
}

/** The most recent notices that fit, whole; if not even the last one does, as much of it as fits. */
function noticeRows(notices: readonly Notice[], room: number, columns: number, signs: Signs): Line[] {
  let rows: Line[] = [];
  for (const notice of notices.toReversed()) {
    const lines = wrapLine(noticeText(notice, signs), columns, signs[notice.level].length + 1);
    const isCut = rows.length + lines.length > room;
    if (isCut && rows.length > 0) break;
    const end: Line[] = isCut ? [[...(lines[room - 1] ?? []), span(signs.ellipsis)]] : [];
    rows = [...(isCut ? [...lines.slice(0, Math.max(0, room - 1)), ...end] : lines), ...rows];
    if (rows.length >= room) break;
  }
  return rows.slice(0, room);
}

function noticeText({ level, text }: Notice, signs: Signs): Line {
  const tones: Readonly<Record<Notice["level"], Tone>> = { info: "faint", warning: "warning", error: "error" };
  return [span(`${signs[level]} `, tones[level]), span(text, level === "info" ? "faint" : "plain")];
}

function baseName(path: string): string {
  return path.split(/[\\/]/).at(-1) || path;
}
