import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { hashFile } from "../system/files/hash-file.ts";
import { discard, openFile, renameFile } from "../system/files/held-files.ts";
import type { FileBlob } from "./asset-copies.ts";

/** A file by its digest. */
export interface BlobRef {
  readonly sha256: string;
  readonly sizeBytes: number;
}

/** A node that has the job's files, on a live link. */
export interface BlobHolder {
  /** Aborted when the link has ended. */
  readonly ended: AbortSignal;
  /** Fetches a file's bytes in order. @returns Whether the node has it */
  fetchBlob(blob: BlobRef, sink: (data: Buffer) => Promise<void>, signal: AbortSignal): Promise<string | undefined>;
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
      const copy = await fetchBlobFrom(holder, blob, this.#folder, signal).catch(() => undefined);
      if (copy !== undefined) return copy;
      signal.throwIfAborted();
    }
    return undefined;
  }
}

/**
 * Fetches a file from a node, and checks its digest.
 *
 * @param folder Where it is put, under its digest
 * @returns `undefined` if the node does not have it, or sends something else
 */
export async function fetchBlobFrom(
  holder: Pick<BlobHolder, "fetchBlob">,
  { sha256, sizeBytes }: BlobRef,
  folder: string,
  signal: AbortSignal,
): Promise<FileBlob | undefined> {
  const part = join(folder, `${randomBytes(4).toString("hex")}.part`);
  try {
    const file = await openFile(part, "wx", 0o600);
    try {
      const sink = async (data: Buffer) => {
        await file.writeFile(data);
      };
      if ((await holder.fetchBlob({ sha256, sizeBytes }, sink, signal)) !== undefined) return undefined;
    } finally {
      await file.close();
    }
    if ((await hashFile(part)) !== sha256) return undefined;
    const path = join(folder, sha256);
    await renameFile(part, path);
    return { path, sha256, sizeBytes };
  } finally {
    await discard(part);
  }
}
