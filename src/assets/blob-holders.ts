import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { hashFile } from "../system/files/hash-file.ts";
import { discard, openFile, renameFile } from "../system/files/held-files.ts";
import type { FileBlob } from "./asset-copies.ts";

/** A node that has the job's files, on a live link. */
export interface BlobHolder {
  /** Aborted when the link has ended. */
  readonly ended: AbortSignal;
  /** Fetches a file's bytes in order. @returns Whether the node has it */
  fetchBlob(blob: FileBlob, sink: (data: Buffer) => Promise<void>, signal: AbortSignal): Promise<string | undefined>;
}

/** The nodes from which a file can be fetched as it was, if the artist has saved it again and there is no copy. */
export class BlobHolders {
  readonly #holders = new Set<BlobHolder>();
  readonly #folder: string;

  /** @param folder For what is fetched; it exists */
  constructor(folder: string) {
    this.#folder = folder;
  }

  add(holder: BlobHolder): void {
    if (holder.ended.aborted) return;
    this.#holders.add(holder);
    holder.ended.addEventListener("abort", () => this.#holders.delete(holder), { once: true });
  }

  /** @returns A copy with the right bytes, from the first node that has them; `undefined` if there is none */
  async fetch(blob: FileBlob, signal: AbortSignal): Promise<FileBlob | undefined> {
    for (const holder of [...this.#holders]) {
      const copy = await this.#fetchFrom(holder, blob, signal).catch(() => undefined);
      if (copy !== undefined) return copy;
      signal.throwIfAborted();
    }
    return undefined;
  }

  async #fetchFrom(holder: BlobHolder, blob: FileBlob, signal: AbortSignal): Promise<FileBlob | undefined> {
    const { sha256, sizeBytes } = blob;
    const part = join(this.#folder, `${randomBytes(4).toString("hex")}.part`);
    try {
      const file = await openFile(part, "wx", 0o600);
      try {
        const sink = async (data: Buffer) => {
          await file.writeFile(data);
        };
        if ((await holder.fetchBlob(blob, sink, signal)) !== undefined) return undefined;
      } finally {
        await file.close();
      }
      if ((await hashFile(part)) !== sha256) return undefined;
      const path = join(this.#folder, sha256);
      await renameFile(part, path);
      return { path, sha256, sizeBytes };
    } finally {
      await discard(part);
    }
  }
}
