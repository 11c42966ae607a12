import { closeSync, writeSync } from "node:fs";
import { appendToOwnFile } from "./own-file.ts";

/**
 * A file of lines whose failures never stop the program. A line that cannot be written, for example on a full disk, is
 * dropped. Lines are written synchronously, so that none is lost with the process.
 */
export class LineFile {
  readonly #path: string;
  readonly #onProblem: (message: string) => void;
  #file: number | undefined;
  /** Whether a line was dropped, perhaps after a part of it was written: the next one then starts with a line break. */
  #isTorn = false;

  /**
   * @param path A path in one of our own folders
   * @param onProblem Called with the system's message for the first of several dropped lines
   */
  constructor(path: string, onProblem: (message: string) => void) {
    this.#path = path;
    this.#onProblem = onProblem;
  }

  /** @param line A line with its line break */
  write(line: string): void {
    try {
      this.#file ??= appendToOwnFile(this.#path);
      const bytes = Buffer.from(this.#isTorn ? `\n${line}` : line);
      for (let at = 0; at < bytes.length; ) at += writeSync(this.#file, bytes, at);
      this.#isTorn = false;
    } catch (error) {
      if (!this.#isTorn) this.#onProblem(error instanceof Error ? error.message : String(error));
      this.#isTorn = true;
      this.close();
    }
  }

  /** Closes the file. The next line opens it again, because the folder may have been replaced. */
  close(): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }
}
