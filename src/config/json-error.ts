type Awaited = "value" | "first value" | "key" | "first key" | ":" | "," | "end";

const space = /[ \t\r\n]*/y;
const token =
  /[[\]{},:]|"(?:[^"\\\p{Cc}]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/uy;

/**
 * Says in which line a text stops being JSON: Node tells so in some of its messages only, and in other words from release
 * to release.
 *
 * @returns The line's number, from 1; that of the end when something is missing there
 */
export function lineOfJsonError(text: string): number {
  const open: ("[" | "{")[] = [];
  let awaited: Awaited = "value";
  let at = 0;
  for (;;) {
    at += matchAt(space, text, at)?.length ?? 0;
    const found = matchAt(token, text, at);
    const next: Awaited | undefined = found === undefined ? undefined : after(awaited, found, open);
    if (found === undefined || next === undefined) return text.slice(0, at).split("\n").length;
    awaited = next;
    at += found.length;
  }
}

/** What may follow a token, or `undefined` when it may not stand there. Keeps `open` up to date. */
function after(awaited: Awaited, found: string, open: ("[" | "{")[]): Awaited | undefined {
  const afterValue = () => (open.length === 0 ? "end" : ",");
  const close = (bracket: "[" | "{") => {
    if (open.at(-1) !== bracket) return undefined;
    open.pop();
    return afterValue();
  };
  const mayClose = awaited === "," || awaited === "first value" || awaited === "first key";
  if (found === "]") return mayClose ? close("[") : undefined;
  if (found === "}") return mayClose ? close("{") : undefined;
  if (awaited === ":") return found === ":" ? "value" : undefined;
  if (awaited === ",") return found === "," ? (open.at(-1) === "[" ? "value" : "key") : undefined;
  if (awaited === "key" || awaited === "first key") return found.startsWith('"') ? ":" : undefined;
  if (awaited === "end" || found === "," || found === ":") return undefined;
  if (found !== "[" && found !== "{") return afterValue();
  open.push(found);
  return found === "[" ? "first value" : "first key";
}

function matchAt(pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0];
}
