import type { FarmEvent, FarmEventMap, FarmEventName } from "../../src/index.ts";

/**
 * A text that a terminal would obey: it sets the title, starts a CSI sequence in both ways (with a number that no
 * program uses), returns to the start of its line and reverses the writing direction. It has no line breaks, so it can
 * be a file name.
 */
export const hostileText = [
  ...["evil", "\u001b]0;title\u0007", "\u001b[7777m", "\r\b\u000b", "\u007f", "\u009b7777m", "\u0085\u0090\u009f"],
  ...["\u202e\u2066\u200f\u061c\u2069", "\u2028\u2029", "\u001b", "end"],
].join("");

/** Like `hostileText`, with lines that look like ours. */
export const hostileLines = `${hostileText}\nDone in 1 s: ${hostileText}\r\n\n`;

/** The parts that a terminal would obey: control characters except line breaks, and direction marks. */
export function obeyedIn(written: string): string[] {
  const codes = Array.from(written, (character) => character.codePointAt(0) as number).filter(isObeyed);
  return [...new Set(codes)].map((code) => `U+${code.toString(16).padStart(4, "0")}`);
}

function isObeyed(code: number): boolean {
  if (code === 0x0a) return false;
  if (code < 0x20 || (code >= 0x7f && code <= 0x9f)) return true;
  return [0x061c, 0x200e, 0x200f, 0x2028, 0x2029].includes(code) || isBetween(code, 0x202a, 0x202e, 0x2066, 0x2069);
}

function isBetween(code: number, ...ranges: [number, number, number, number]): boolean {
  return (code >= ranges[0] && code <= ranges[1]) || (code >= ranges[2] && code <= ranges[3]);
}

/** The same without the sequences that this program, and those it uses, send on purpose. */
export function withoutOwn(written: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are the subject here
  const own = /\r\u001b\[[KJ]|\r(?=\n)|\u001b\[(\?(25|2026)[hl]|\d{0,3}(;\d{1,3}){0,4}[ABCDEFGHJKm])/g;
  return written.replace(own, "");
}

const estimate = { frames: 9, stored: 3, nodes: 1, slots: 1, seconds: [1, 1, 2], etaMs: 8, leastMs: 6, mostMs: 12 };
const named = { node: "ab".repeat(16), name: hostileText };

/** Every event that a job can emit, with each text as hostile as its author can make it. */
export const hostileEvents: readonly FarmEvent[] = Object.entries({
  "job:started": {
    ...{ blend: hostileText, output: hostileText, folder: hostileText, makes: "video" },
    overrides: { camera: hostileText, viewLayer: hostileText },
  },
  "run:started": { job: hostileText, run: 1, blender: hostileText },
  "job:checking": { frames: 2 },
  "job:resumed": { stored: 1, range: "1" },
  "job:restarted": { reason: hostileLines },
  "machine:awake": {},
  "discovery:scanned": { nodes: 0 },
  "node:found": { ...named, address: `${hostileText}:1`, blender: hostileText, slots: 1 },
  "node:excluded": { name: hostileText, code: "FARM_NODE_EXCLUDED", message: hostileLines, hint: hostileLines },
  "node:unreachable": { name: hostileText, message: hostileLines, hint: hostileLines },
  "node:busy": { ...named, holder: hostileText, job: hostileText },
  "node:uploading": { ...named, haveBytes: 1, sizeBytes: 2, filesLeft: 1, bytesPerSecond: 1, etaMs: 1_000 },
  "node:receiving": { ...named, haveBytes: 1, sizeBytes: 2, filesLeft: 1, bytesPerSecond: null, etaMs: null },
  "frames:outdated": { frames: 1, range: hostileText, reason: hostileLines, folder: hostileText },
  "node:joined": { ...named, blender: hostileText },
  "node:lost": { ...named, message: hostileLines },
  "node:barred": { ...named, reason: hostileLines },
  "node:forgiven": named,
  "job:waiting": { missing: 1 },
  "scene:read": {
    ...{ scene: hostileText, frames: 2, range: "1-2", firstFrame: 1, lastFrame: 2, fps: hostileText },
    ...{ width: 8, height: 8, engine: hostileText },
  },
  "bake:started": { ...named, simulations: 1, limitMs: 1000 },
  "bake:progressed": { ...named, fraction: 0.5, etaMs: 1000 },
  "bake:ended": { ...named, seconds: 1, why: hostileLines, again: false },
  "frame:started": { ...named, frame: 1, slot: 0 },
  "frame:progressed": { ...named, frame: 1, slot: 0, fraction: 0.5 },
  "frame:rendered": { ...named, frame: 1, seconds: 1 },
  "frame:stored": { ...named, frame: 1, seconds: 1, stored: 1, total: 2 },
  "frame:requeued": { ...named, frame: 2, code: hostileText, reason: hostileLines },
  "frame:refused": { ...named, frame: 1, message: hostileLines, file: hostileText },
  "frame:checked": { ...named, frame: 1, slot: 0, outcome: "equal" },
  "frames:doubted": { ...named, range: "1" },
  "frame:failed": { frame: 2, code: hostileText, message: hostileLines, hint: hostileLines },
  "job:progressed": { stored: 1, total: 2, nodes: 1, running: 1, encoded: 1, etaMs: 1000, etaRangeMs: [500, 2000] },
  "encode:postponed": { message: hostileLines },
  "here:idle": { reason: hostileLines },
  "alarm:ended": { name: hostileText, message: hostileLines, was: "unreachable" },
  "bake:long": { ...named, expectedMs: 1_200_000 },
  warning: { code: hostileText, message: hostileLines, name: hostileText },
  "farmspec:saved": { path: hostileText, nodes: 1 },
  "output:finishing": {},
  "pictures:written": { folder: hostileText, files: 2 },
  "passes:written": { folder: hostileText, files: 2 },
  "job:draining": { running: 1 },
  "job:completed": {
    ...{ output: hostileText, frames: 2, reused: 1, seconds: 5, warnings: [hostileLines] },
    nodes: [{ ...named, blender: hostileText, frames: 1, renderSeconds: 1 }],
  },
  "job:interrupted": { missing: 1 },
  "estimate:made": estimate,
  "job:estimated": estimate,
  "job:failed": { code: hostileText, message: hostileLines, hint: hostileLines },
} satisfies { [Name in FarmEventName]: FarmEventMap[Name] }).map(
  ([type, fields]) => ({ type, ...fields }) as FarmEvent,
);
