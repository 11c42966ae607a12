import { printable } from "../../index.ts";

const segmenter = new Intl.Segmenter("en", { granularity: "grapheme" });

/** Longer texts are cut before anything is measured: nothing from the network may cost more than a line is worth. */
const maxLength = 1_000;

// East Asian Wide and Fullwidth; emoji that terminals draw two columns wide are known by their own property.
const wide =
  /[\u1100-\u115f\u2329\u232a\u2630-\u2637\u268a-\u268f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe10-\ufe19\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{16fe0}-\u{18dff}\u{1aff0}-\u{1b2ff}\u{1d300}-\u{1d376}\u{1f200}-\u{1f2ff}\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}/u;
const zeroWidth = /\p{Mn}|\p{Me}/u;
const invisible = /\p{Default_Ignorable_Code_Point}|\p{Cf}|\p{Emoji_Modifier}/u;
const attached = /[\p{Mn}\p{Mc}\uff9e\uff9f]/u;

/**
 * Makes a text from the network safe to print and its width certain: one line, no control characters, and of a joined
 * emoji only the first. How wide such a sequence is drawn is what terminals disagree about; of single characters they
 * do not.
 */
export function tidy(text: string): string {
  const whole = text.slice(0, maxLength).replace(/\p{Cs}/gu, "\ufffd");
  const line = whole
    .replace(/\s*[\r\n]+\s*/g, " ")
    .trim()
    .normalize("NFC");
  return Array.from(segmenter.segment(printable(line)), ({ segment }) => tidyCluster(segment)).join("");
}

function tidyCluster(cluster: string): string {
  const [first = "", ...rest] = Array.from(cluster).filter((character) => !invisible.test(character));
  if (first >= "\u{1f1e6}" && first <= "\u{1f1ff}") return [first, ...rest].map(letterOfFlag).join("");
  return (
    first +
    rest
      .filter((character) => attached.test(character))
      .slice(0, 3)
      .join("")
  );
}

function letterOfFlag(indicator: string): string {
  return String.fromCharCode((indicator.codePointAt(0) ?? 0) - 0x1f1e6 + 0x41);
}

/** How many columns a tidied text takes. */
export function widthOf(text: string): number {
  let width = 0;
  for (const character of text) width += widthOfCharacter(character);
  return width;
}

function widthOfCharacter(character: string): 0 | 1 | 2 {
  if (character <= "~") return 1;
  if (zeroWidth.test(character)) return 0;
  return wide.test(character) ? 2 : 1;
}

/** Cuts a tidied text to so many columns; what is cut shows by the ellipsis. */
export function cut(text: string, columns: number, ellipsis = "…"): string {
  if (widthOf(text) <= columns) return text;
  const room = columns - widthOf(ellipsis);
  if (room < 0) return ".".repeat(Math.max(0, columns));
  return head(text, room) + ellipsis;
}

/** As many characters from the start as fit into so many columns. */
function head(text: string, columns: number): string {
  let width = 0;
  let end = 0;
  for (const character of text) {
    width += widthOfCharacter(character);
    if (width > columns) break;
    end += character.length;
  }
  return text.slice(0, end);
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
