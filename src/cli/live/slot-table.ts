import { formatDuration, type Sent } from "../../index.ts";
import { cut, pad, padLeft, widthOf } from "../display-width.ts";
import { toCome } from "../texts/to-come.ts";
import { type Line, type Signs, type Span, span, type Tone, widthOfLine } from "./line.ts";
import type { NodeView, SlotView } from "./node-view.ts";
import type { ViewState } from "./view-state.ts";

/** What a slot is doing, in the order in which a summary counts them. */
const words = ["rendering", "idle", "loading", "receiving", "uploading", "found", "busy", "barred", "lost"] as const;

type SlotWord = (typeof words)[number];

/** One row of the table: a slot, or a node without working slots. */
export interface SlotRow {
  readonly name: string;
  /** For example " #2" on a node with several slots. */
  readonly suffix: string;
  readonly blender: string;
  readonly word: SlotWord;
  readonly frame: number | null;
  /** How much of the frame is done. */
  readonly fraction: number | null;
  /** What the node waits for; `null` if it waits for nothing. */
  readonly sent: Sent | null;
  /** Time spent on this frame. */
  readonly elapsedMs: number | null;
  readonly averageSeconds: number | null;
  readonly frames: number;
}

export function slotRows(state: ViewState, atMs: number): SlotRow[] {
  return Array.from(state.nodes.values()).flatMap((node) => rowsOfNode(node, atMs));
}

function rowsOfNode(node: NodeView, atMs: number): SlotRow[] {
  const { name, blender } = node;
  const isAtWork =
    node.status === "ready" || (node.status === "barred" && node.slots.some((slot) => slot.frame !== null));
  if (!isAtWork || node.slots.length === 0) {
    const word = node.status === "ready" ? "idle" : node.status;
    const averageSeconds = averageOf(node);
    const { sent, frames } = node;
    const idle = { suffix: "", frame: null, fraction: null, elapsedMs: null } as const;
    return [{ name, blender, word, ...idle, sent, averageSeconds, frames }];
  }
  return node.slots.map((slot, index): SlotRow => {
    const { frame, fraction, frames } = slot;
    const suffix = node.slots.length > 1 ? ` #${index + 1}` : "";
    const elapsedMs = frame === null ? null : Math.max(0, atMs - slot.sinceMs);
    const word = wordOfSlot(node, slot);
    const sent = frame === null ? node.sent : null;
    return { name, suffix, blender, word, frame, fraction, sent, elapsedMs, averageSeconds: averageOf(slot), frames };
  });
}

function wordOfSlot({ status, sent }: NodeView, { frame }: SlotView): SlotWord {
  if (status === "barred") return "barred";
  if (frame !== null) return "rendering";
  return sent === null ? "idle" : "receiving";
}

function averageOf({ frames, seconds }: { readonly frames: number; readonly seconds: number }): number | null {
  return frames === 0 ? null : seconds / frames;
}

/** For example "28 rendering, 2 idle, 1 lost". */
export function countedWords(rows: readonly SlotRow[]): string {
  return words
    .map((word) => [rows.filter((row) => row.word === word).length, word] as const)
    .filter(([count]) => count > 0)
    .map(([count, word]) => `${count} ${word}`)
    .join(", ");
}

/** A column of the table. It is shown if the terminal has room for it and for all more important columns. */
interface Column {
  readonly head: string;
  readonly width: number;
  /** 0 is the most important. */
  readonly rank: number;
  readonly isNumber: boolean;
  readonly cell: (row: SlotRow, signs: Signs, width: number) => Span[];
}

const gap = 2;
const longestSentBar = 40;
const shortestSentBar = 8;

function columnsOf(rows: readonly SlotRow[], columns: number): Column[] {
  const longestName = Math.max(4, ...rows.map(({ name, suffix }) => widthOf(name) + suffix.length));
  const longestVersion = Math.max(7, ...rows.map(({ blender }) => widthOf(blender)));
  const nameWidth = Math.min(2 + longestName, columns >= 100 ? 34 : 20, Math.max(4, columns - 11));
  const all: Column[] = [
    { head: "  node", width: nameWidth, rank: 0, isNumber: false, cell: nameCell },
    { head: "Blender", width: Math.min(longestVersion, 12), rank: 7, isNumber: false, cell: blenderCell },
    { head: "state", width: 9, rank: 1, isNumber: false, cell: stateCell },
    { head: "frame", width: 6, rank: 2, isNumber: true, cell: frameCell },
    { head: "progress", width: 8, rank: 5, isNumber: false, cell: barCell },
    { head: "", width: 4, rank: 3, isNumber: true, cell: percentCell },
    { head: "time", width: 7, rank: 4, isNumber: true, cell: elapsedCell },
    { head: "average", width: 7, rank: 6, isNumber: true, cell: averageCell },
    { head: "done", width: 5, rank: 8, isNumber: true, cell: doneCell },
  ];
  const chosen = new Set<Column>();
  let room = columns + gap;
  for (const column of all.toSorted((a, b) => a.rank - b.rank)) {
    if (column.width + gap > room) break;
    chosen.add(column);
    room -= column.width + gap;
  }
  const grown = Math.min(room, 32);
  return all
    .filter((column) => chosen.has(column))
    .map((column) => (column.cell === barCell ? { ...column, width: column.width + grown } : column));
}

/** The cells of a row that waits for files; the rest of the row says for which. */
const ofNode: readonly Column["cell"][] = [nameCell, blenderCell, stateCell];

/** The head of the table and its other lines. */
export function slotTable(rows: readonly SlotRow[], columns: number, signs: Signs): { head: Line; lines: Line[] } {
  const chosen = columnsOf(rows, columns);
  const separator = span(" ".repeat(gap));
  const between = (index: number) => (index === 0 ? [] : [separator]);
  const head = chosen.flatMap(({ head, width, isNumber }, index) => [
    ...between(index),
    span(isNumber ? padLeft(head, width) : pad(head, width), "faint"),
  ]);
  const lines = rows.map((row) => {
    const known = row.sent === null ? chosen : chosen.filter(({ cell }) => ofNode.includes(cell));
    const cells = known.flatMap((column, index) => [...between(index), ...column.cell(row, signs, column.width)]);
    if (row.sent === null) return cells;
    const width = columns - widthOfLine(cells) - gap;
    return [...cells, separator, ...sentCell(row.sent, signs, width)];
  });
  return { head, lines };
}

/** What is still to come, and a bar if there is room for it. */
function sentCell(sent: Sent, signs: Signs, width: number): Span[] {
  const { haveBytes, sizeBytes } = sent;
  const fraction = sizeBytes === 0 ? 0 : haveBytes / sizeBytes;
  const text = toCome(sent);
  const room = Math.min(width - widthOf(text) - gap, longestSentBar);
  if (room < shortestSentBar) return [span(cut(text, width, signs.ellipsis), "plain")];
  return [...barOf(fraction, room, "accent", signs), span(" ".repeat(gap)), span(text)];
}

const looks: Readonly<Record<SlotWord, { readonly at: keyof Signs["at"]; readonly tone: Tone }>> = {
  rendering: { at: "rendering", tone: "encoded" },
  idle: { at: "idle", tone: "faint" },
  loading: { at: "waiting", tone: "accent" },
  receiving: { at: "waiting", tone: "accent" },
  uploading: { at: "waiting", tone: "accent" },
  found: { at: "waiting", tone: "accent" },
  busy: { at: "idle", tone: "faint" },
  barred: { at: "away", tone: "error" },
  lost: { at: "away", tone: "error" },
};

function nameCell({ name, suffix, word }: SlotRow, signs: Signs, width: number): Span[] {
  const { at, tone } = looks[word];
  const text = cut(name, width - 2 - suffix.length, signs.ellipsis) + suffix;
  return [span(`${signs.at[at]} `, tone), span(pad(text, width - 2, signs.ellipsis))];
}

function blenderCell({ blender }: SlotRow, signs: Signs, width: number): Span[] {
  return [span(pad(blender, width, signs.ellipsis), "faint")];
}

function stateCell({ word }: SlotRow, _: Signs, width: number): Span[] {
  return [span(pad(word, width), looks[word].tone)];
}

function frameCell({ frame }: SlotRow, _: Signs, width: number): Span[] {
  return [span(padLeft(frame === null ? "" : String(frame), width), "strong")];
}

function barCell({ fraction }: SlotRow, signs: Signs, width: number): Span[] {
  return fraction === null ? [span(" ".repeat(width))] : barOf(fraction, width, "rendering", signs);
}

function barOf(fraction: number, width: number, tone: Tone, signs: Signs): Span[] {
  const full = Math.round(Math.min(1, Math.max(0, fraction)) * width);
  return [span(signs.bar.full.repeat(full), tone), span(signs.bar.rest.repeat(width - full), "faint")];
}

function percentCell({ fraction }: SlotRow, _: Signs, width: number): Span[] {
  return [span(padLeft(fraction === null ? "" : `${Math.floor(fraction * 100 + 1e-9)}%`, width))];
}

function elapsedCell({ elapsedMs }: SlotRow, _: Signs, width: number): Span[] {
  return [span(padLeft(elapsedMs === null ? "" : formatSeconds(elapsedMs / 1000), width))];
}

function averageCell({ averageSeconds }: SlotRow, _: Signs, width: number): Span[] {
  return [span(padLeft(averageSeconds === null ? "" : formatSeconds(averageSeconds), width), "faint")];
}

function doneCell({ frames }: SlotRow, _: Signs, width: number): Span[] {
  return [span(padLeft(String(frames), width))];
}

/** Seconds of a frame, for example "0.08 s", "41.3 s", "2:05". */
export function formatSeconds(seconds: number): string {
  if (seconds > 0 && seconds < 0.095) return `${seconds.toFixed(2)} s`;
  return seconds < 59.95 ? `${seconds.toFixed(1)} s` : formatDuration(seconds * 1000);
}
