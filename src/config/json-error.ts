import { createScanner, type ParseError, parse } from "jsonc-parser";

/** Nothing that people write is nested so deeply, and the parser calls itself once for each level. */
const deepest = 500;

/**
 * Says in which line a text stops being JSON: Node says so in some of its messages only, and in other words from release to
 * release.
 *
 * @returns The line's number, from 1; that of the end when something is missing there
 */
export function lineOfJsonError(text: string): number {
  const errors: ParseError[] = [];
  const tooDeepAt = offsetOfDepth(text, deepest);
  if (tooDeepAt === undefined) parse(text, errors, { disallowComments: true, allowTrailingComma: false });
  const offset = tooDeepAt ?? errors[0]?.offset ?? text.length;
  return text.slice(0, offset).split("\n").length;
}

/** Where brackets are open at so many levels; `undefined` when they never are. */
function offsetOfDepth(text: string, limit: number): number | undefined {
  const scanner = createScanner(text, true);
  let depth = 0;
  for (scanner.scan(); scanner.getTokenLength() > 0; scanner.scan()) {
    const first = text.charAt(scanner.getTokenOffset());
    if (first === "{" || first === "[") depth += 1;
    if (first === "}" || first === "]") depth -= 1;
    if (depth > limit) return scanner.getTokenOffset();
  }
  return undefined;
}
