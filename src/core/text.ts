/** Control characters, which move the cursor or forge lines, and characters that break lines or turn the writing. */
const unprintable = /[\p{Cc}\p{Bidi_Control}\u2028\u2029]/gu;

/**
 * Makes a text from the network or a file name safe to print on one line: control characters and the characters that turn
 * the direction of writing become visible escapes.
 */
export function printable(text: string): string {
  return text.replace(unprintable, escaped);
}

/**
 * As `printable`, but its lines stay lines. Those after the first are set in, so that none passes for a line of ours.
 */
export function printableLines(text: string): string {
  return withoutControls(text).replace(/\n(?! {2})/g, "\n  ");
}

/**
 * The value as JSON that is safe to print as well: what `printable` escapes is escaped here too, in JSON's own way, so that
 * whoever parses it gets the same value. Only an indented one has more than one line.
 */
export function printableJson(value: unknown, indent?: number): string {
  return withoutControls(JSON.stringify(value, null, indent));
}

/** As `printable`, but for line breaks. JSON text stays the JSON text that it is. */
export function withoutControls(text: string): string {
  return text.replace(unprintable, (character) => (character === "\n" ? character : escaped(character)));
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

/** "1 frame", "3 frames". */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

/** The text in at most so many characters; one that is longer ends with an ellipsis. */
export function shorten(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`;
}

/**
 * A path as it can be pasted into a shell: what its name holds is never taken for a command. On Windows that holds for cmd;
 * PowerShell looks into such quotes, and no others are the same to both.
 */
export function shellQuoted(path: string, platform: NodeJS.Platform = process.platform): string {
  return platform === "win32" ? `"${path}"` : `'${path.replaceAll("'", "'\\''")}'`; // Windows has no " in names
}
