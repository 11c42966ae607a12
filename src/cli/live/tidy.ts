import { printable } from "../../index.ts";

const segmenter = new Intl.Segmenter("en", { granularity: "grapheme" });

/** Longer texts are cut before they are measured, so that a text from the network cannot cost much time. */
const maxLength = 1_000;

const invisible = /\p{Default_Ignorable_Code_Point}|\p{Cf}|\p{Emoji_Modifier}/u;
const attached = /[\p{Mn}\p{Mc}\uff9e\uff9f]/u;

/**
 * Makes a text from the network safe to print and gives it a certain width: one line, no control characters, and only
 * the first emoji of a joined sequence. Terminals disagree about the width of such sequences, but not of single
 * characters.
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
