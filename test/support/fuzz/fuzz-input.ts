import { bounds } from "../../../src/session/protocol.ts";
import type { Dice } from "../simulation/simulate-dice.mjs";

type Json = unknown;

const oddTexts = [
  ...[
    "",
    " ",
    "\0",
    "\u001b[2J",
    "../../etc/passwd",
    "__proto__",
    "constructor",
    "NaN",
    "-0",
    "é\u0301",
    "\ud800",
    "𝔘",
  ],
  ...["\u202e", "a".repeat(257), "0".repeat(64), "f".repeat(32), "ß".repeat(4097), "C:\\con", "'; --", "%s%n", "\r\n"],
];
const oddNumbers = [
  ...[0, -0, -1, 1, 0.5, 255, 256, 65_536, 1_048_575, -1_048_575, 2 ** 31, 2 ** 32, 2 ** 40 + 1, 2 ** 53, -(2 ** 53)],
  ...[1e308, 5e-324, 1e21, 4_294_967_297],
];
const oddJson = [
  ...['{"__proto__":{"polluted":true}}', '{"constructor":{"prototype":{"polluted":true}}}', "1e999", "-", '"\\ud800"'],
  ...[
    "NaN",
    "Infinity",
    "undefined",
    "'x'",
    "{}",
    "[]",
    "[,]",
    '{"a":1,"a":2}',
    "0x10",
    "01",
    "9".repeat(400),
    "\ufeff{}",
  ],
];

/** Bytes of any value. */
export function randomBytesOf(dice: Dice, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  for (let at = 0; at < length; at++) bytes[at] = dice.between(0, 255);
  return bytes;
}

/** Almost the JSON text of this value: a field is odd, missing, extra or too deep, or bytes are wrong. */
export function nearly(dice: Dice, value: Json): string {
  let odd = value;
  for (let times = dice.pick([0, 1, 1, 1, 2, 5]); times > 0; times--) odd = changed(dice, odd);
  let text = JSON.stringify(odd) ?? "null";
  if (dice.chance(0.15)) text = spliced(dice, text, dice.pick(oddJson));
  if (dice.chance(0.1)) text = text.slice(0, dice.between(0, text.length));
  if (dice.chance(0.1)) text = damaged(dice, Buffer.from(text)).toString(dice.pick(["utf8", "latin1"] as const));
  if (dice.chance(0.02)) text = spliced(dice, text, nested(dice, dice.pick([10, 1000, 20_000])));
  return text;
}

/** Almost these bytes: some flipped, a part missing, repeated or moved. */
export function damaged(dice: Dice, bytes: Uint8Array): Buffer {
  const copy = Buffer.from(bytes);
  if (copy.length === 0) return randomBytesOf(dice, dice.between(0, 20));
  const [one, other] = [dice.between(0, copy.length), dice.between(0, copy.length)];
  const [start, end] = [Math.min(one, other), Math.max(one, other)];
  switch (dice.between(0, 5)) {
    case 0:
      return copy.subarray(0, start);
    case 1:
      return Buffer.concat([copy.subarray(0, start), copy.subarray(end)]);
    case 2:
      return Buffer.concat([copy.subarray(0, end), copy.subarray(start)]);
    case 3:
      return Buffer.concat([copy.subarray(0, start), randomBytesOf(dice, dice.between(1, 16)), copy.subarray(start)]);
    case 4:
      copy.fill(dice.pick([0, 0xff]), start, Math.min(end, start + 8));
      return copy;
    default:
      for (let flips = dice.between(1, 4); flips > 0; flips--) {
        const at = dice.between(0, copy.length - 1);
        copy[at] = (copy[at] ?? 0) ^ (1 << dice.between(0, 7));
      }
      return copy;
  }
}

function changed(dice: Dice, value: Json): Json {
  if (typeof value !== "object" || value === null || dice.chance(0.08)) return oddValue(dice, value);
  if (Array.isArray(value)) {
    if (value.length === 0 || dice.chance(0.2)) return repeated(dice, value);
    const at = dice.between(0, value.length - 1);
    return value.map((item, index) => (index === at ? changed(dice, item) : item));
  }
  const entries = Object.entries(value);
  if (entries.length === 0 || dice.chance(0.05)) return { ...value, [dice.pick(oddTexts)]: oddValue(dice, 0) };
  const at = dice.between(0, entries.length - 1);
  if (dice.chance(0.1)) return Object.fromEntries(entries.filter((_, index) => index !== at));
  return Object.fromEntries(entries.map(([key, item], index) => [key, index === at ? changed(dice, item) : item]));
}

function oddValue(dice: Dice, value: Json): Json {
  switch (dice.between(0, 7)) {
    case 0:
      return null;
    case 1:
      return dice.chance(0.5);
    case 2:
      return [value];
    case 3:
      return { value };
    case 4:
    case 5:
      return dice.pick(oddTexts);
    default:
      return dice.pick(oddNumbers);
  }
}

/** Huge counts: lists far longer than any limit allows. */
function repeated(dice: Dice, list: readonly Json[]): Json[] {
  const item = list.length > 0 ? dice.pick(list) : oddValue(dice, 0);
  const isLargest = dice.chance(0.01); // as many as a link lets through; rarely, because each takes long
  const most = Math.ceil((isLargest ? bounds.textBytes : 100_000) / ((JSON.stringify(item) ?? "").length + 1));
  return new Array(isLargest ? most : Math.min(most, dice.pick([0, 1, 65, 300, 3000]))).fill(item);
}

function nested(dice: Dice, depth: number): string {
  const isWhole = dice.chance(0.7);
  return dice.chance(0.5)
    ? `${"[".repeat(depth)}${isWhole ? "]".repeat(depth) : ""}`
    : `${'{"a":'.repeat(depth)}1${isWhole ? "}".repeat(depth) : ""}`;
}

function spliced(dice: Dice, text: string, odd: string): string {
  // Mostly in place of a value, so that it is parsed.
  const colons = [...text.matchAll(/:("[^"]*"|[^,{}[\]"]+)/g)];
  const match = colons.length > 0 && dice.chance(0.8) ? dice.pick(colons) : undefined;
  if (match) return `${text.slice(0, match.index + 1)}${odd}${text.slice(match.index + match[0].length)}`;
  const at = dice.between(0, text.length);
  return text.slice(0, at) + odd + text.slice(at);
}
