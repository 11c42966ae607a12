import type { FileHandle } from "node:fs/promises";
import { dirname } from "node:path";
import { systemCodeOf } from "../core/errors.ts";
import { printableJson } from "../core/text.ts";
import { syncFolder, writeAll } from "../system/files/durable.ts";
import { createOwnFile, openOwnFile } from "../system/files/own-file.ts";
import { type FrameRecord, parseFrameRecord } from "./frame-record.ts";

/**
 * `frames.ndjson`: one record per line, append-only. The caller must dispose of it: `await using`.
 *
 * A line that a crash cut short is dropped when the file is opened, and the next record overwrites it.
 */
export class FrameLog implements AsyncDisposable {
  /** The records when the file was opened, in the order of writing; a frame may have several. */
  readonly records: readonly FrameRecord[];
  readonly #file: FileHandle;
  #sizeBytes: number;
  #closed: Promise<void> | undefined;

  private constructor(file: FileHandle, sizeBytes: number, records: readonly FrameRecord[]) {
    this.#file = file;
    this.#sizeBytes = sizeBytes;
    this.records = records;
  }

  static async open(path: string): Promise<FrameLog> {
    const file = await openOwnFile(path, "change").catch(async (error: unknown) => {
      if (systemCodeOf(error) === "ENOENT") return await createOwnFile(path);
      throw error;
    });
    try {
      const content = await file.readFile();
      const wholeBytes = content.lastIndexOf("\n") + 1;
      if (wholeBytes < content.length) await file.truncate(wholeBytes);
      if (content.length === 0) await syncFolder(dirname(path));
      const lines = content.toString("utf8", 0, wholeBytes).split("\n");
      // A damaged line loses its own frame only.
      const records = lines.map(parseFrameRecord).filter((record) => record !== null);
      return new FrameLog(file, wholeBytes, records);
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** Resolves when the record is on the disk. A failure leaves the file as it was. Calls must not overlap. */
  async append(record: FrameRecord): Promise<void> {
    const line = Buffer.from(`${printableJson(record)}\n`);
    try {
      await writeAll(this.#file, line, this.#sizeBytes);
      await this.#file.datasync();
      this.#sizeBytes += line.length;
    } catch (error) {
      await this.#file.truncate(this.#sizeBytes).catch(() => {}); // otherwise the next opening drops the rest
      throw error;
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#closed ??= this.#file.close();
    return this.#closed;
  }
}
