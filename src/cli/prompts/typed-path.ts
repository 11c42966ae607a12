import { existsSync } from "node:fs";
import { homeFolder } from "../../index.ts";

/** What the meaning of a typed path depends on. */
export interface TypedPathContext {
  readonly platform: NodeJS.Platform;
  readonly home: string;
  /** Whether something has exactly this name. */
  readonly exists: (path: string) => boolean;
}

const here: TypedPathContext = { platform: process.platform, home: homeFolder(), exists: existsSync };

/** A path as it was typed, without what only a shell would need. */
export interface TypedPath {
  /** To be shown: `~` is kept. */
  readonly shown: string;
  /** For the file system; relative to the working folder, or absolute. */
  readonly path: string;
}

/**
 * Reads a path as people type it, paste it, or drag its file into a terminal: `~` is the home folder, and the quotes or
 * backslashes are removed that a shell would remove. A name that exists exactly as it was typed is taken as it is.
 */
export function typedPath(text: string, { platform, home, exists }: TypedPathContext = here): TypedPath {
  const typed = text.trim();
  if (typed !== "" && exists(typed)) return { shown: typed, path: typed };
  const quote = /^["']/.exec(typed)?.[0];
  const shown = quote === undefined ? withoutEscapes(typed, platform) : withoutQuotes(typed, quote, platform);
  const isAtHome = quote === undefined && /^~(?:$|[/\\])/.test(shown);
  return { shown, path: isAtHome ? home + shown.slice(1) : shown };
}

/** Whether a text is the beginning of a path, rather than words to search for. */
export function looksLikePath(text: string, platform: NodeJS.Platform = process.platform): boolean {
  return /^\s*["'~]|\//.test(text) || (platform === "win32" ? /\\|^\s*[a-z]:/i : /\\./).test(text);
}

/** macOS writes a dragged file with a backslash before each odd character. On Windows they separate folders. */
function withoutEscapes(typed: string, platform: NodeJS.Platform): string {
  return platform === "win32" ? typed : typed.replace(/\\(.)/gsu, "$1");
}

/** Linux terminals and Windows put a dragged file into quotes. While it is being typed, the second one is missing. */
function withoutQuotes(typed: string, quote: string, platform: NodeJS.Platform): string {
  const isClosed = typed.length > 1 && typed.endsWith(quote);
  const inside = typed.slice(1, isClosed ? -1 : undefined);
  if (quote === "'") return inside.replaceAll("'\\''", "'");
  return platform === "win32" ? inside : inside.replace(/\\(["\\$`])/g, "$1");
}
