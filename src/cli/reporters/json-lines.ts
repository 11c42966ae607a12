import { printableJson } from "../../index.ts";

/** Writes one JSON object per line. Scripts read them, so `type` and the field names stay as they are. */
export class JsonLines {
  readonly #write: (line: string) => void;
  readonly #unixMs: () => number;

  constructor(write: (line: string) => void, unixMs: () => number) {
    this.#write = write;
    this.#unixMs = unixMs;
  }

  /** @param more More fields of the line */
  tell(event: { readonly type: string }, more: object = {}): void {
    const { type, ...fields } = event;
    this.#write(`${printableJson({ type, at: new Date(this.#unixMs()).toISOString(), ...fields, ...more })}\n`);
  }

  /** Writes the last line of a failed job. */
  fail(error: { readonly code: string; readonly message: string; readonly hint: string }): void {
    this.tell({ type: "job:failed" }, { code: error.code, message: error.message, hint: error.hint });
  }
}
