import { closeSync, writeSync } from "node:fs";
import { appendToOwnFile } from "./own-file.ts";

/**
 * A file of lines that never ends the program: where a line cannot be written, as on a full disk, it is left out, and the
 * next one is tried anew. Every line is written at once, so that none is lost with the process.
 */
export class LineFile {
  readonly #path: string;
  readonly #onProblem: (message: string) => void;
  #file: number | undefined;
  /** A line was left out, perhaps in its middle: the next begins on a line of its own. */
  #isTorn = false;

  /**
   * @param path In a folder that is ours alone
   * @param onProblem Told the system's words when the first line of a row is left out
   */
  constructor(path: string, onProblem: (message: string) => void) {
    this.#path = path;
    this.#onProblem = onProblem;
  }

  /** @param line With its end */
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

  /** It is opened again with the next line: the folder may be another one by then. */
  close(): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }
}
