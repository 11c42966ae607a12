/** Control characters, line breaks and characters that change the direction of writing: they could forge output. */
const unprintable = /[\p{Cc}\p{Bidi_Control}\u2028\u2029]/gu;

/**
 * Makes a text from the network or a file name safe to print on one line: control characters and characters that change
 * the direction of writing become visible escapes.
 */
export function printable(text: string): string {
  return text.replace(unprintable, escaped);
}

/**
 * Like `printable`, but keeps line breaks. Lines after the first are indented, so that none looks like a line of ours.
 */
export function printableLines(text: string): string {
  return withoutControls(text).replace(/\n(?! {2})/g, "\n  ");
}

/**
 * The value as JSON that is safe to print. The characters that `printable` escapes are escaped in JSON's own way, so
 * that parsing gives the same value. It has one line, unless it is indented.
 */
export function printableJson(value: unknown, indent?: number): string {
  return withoutControls(JSON.stringify(value, null, indent));
}

/** Like `printable`, but keeps line breaks. JSON text remains the same JSON. */
export function withoutControls(text: string): string {
  return text.replace(unprintable, (character) => (character === "\n" ? character : escaped(character)));
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

/** For example "1 frame", "3 frames". */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

/** Cuts a text to a number of characters, ending with an ellipsis if it was longer. */
export function shorten(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`;
}

/**
 * Quotes a path for pasting into a shell, so that nothing in its name runs as a command. On Windows this is right for
 * cmd. PowerShell expands variables in such quotes, but no other quotes work in both.
 */
export function shellQuoted(path: string, platform: NodeJS.Platform = process.platform): string {
  // Names on Windows cannot contain a double quote, and a backslash before one would be read with it.
  if (platform === "win32") return `"${path.replace(/\\+$/, (slashes) => "/".repeat(slashes.length))}"`;
  if (path.search(unprintable) < 0) return `'${path.replaceAll("'", "'\\''")}'`;
  // In no other way can a control character be pasted into every shell.
  const octal = (character: string) =>
    Array.from(new TextEncoder().encode(character), (byte) => `\\${byte.toString(8).padStart(3, "0")}`).join("");
  const format = path.replaceAll("\\", "\\\\").replaceAll("%", "%%").replace(unprintable, octal);
  return `"$(printf '${format.replaceAll("'", "'\\''")}')"`;
}

/** A word for pasting into a shell, quoted only if it must be. PowerShell takes a comma for the end of an element. */
export function shellWord(text: string, platform: NodeJS.Platform = process.platform): string {
  const isPlain = platform === "win32" ? /^[\w./\\:+-]+$/ : /^[\w./:,@%+-]+$/;
  return isPlain.test(text) ? text : shellQuoted(text, platform);
}
