import { printable } from "../../index.ts";

const segmenter = new Intl.Segmenter("en", { granularity: "grapheme" });

/** Longer texts are cut before anything is measured: nothing from the network may cost more than a line is worth. */
const maxLength = 1_000;

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
