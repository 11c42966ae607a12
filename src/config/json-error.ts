import { createScanner, type ParseError, parse } from "jsonc-parser";

/** Nobody writes JSON nested this deeply, and the parser is recursive. */
const deepest = 500;

/**
 * Finds the line in which a text stops being JSON. Only some of Node's messages contain it, and their wording changes.
 *
 * @returns The line's number, from 1; the last line's if the end is missing
 */
export function lineOfJsonError(text: string): number {
  const errors: ParseError[] = [];
  const tooDeepAt = offsetOfDepth(text, deepest);
  if (tooDeepAt === undefined) parse(text, errors, { disallowComments: true, allowTrailingComma: false });
  const offset = tooDeepAt ?? errors[0]?.offset ?? text.length;
  return text.slice(0, offset).split("\n").length;
}

/** The first offset with that many open brackets; `undefined` if there is none. */
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
