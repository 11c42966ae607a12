import { statfs } from "node:fs/promises";
import { FarmError, messageOf, systemCodeOf } from "../core/errors.ts";
import type { Frame } from "../core/node.ts";
import type { FrameFault } from "./frame-expectation.ts";

/** A result that is not the frame it should be: it counts against the node that sent it. */
export class FrameInvalidError extends FarmError {
  readonly frame: Frame;
  readonly reason: FrameFault | "WRONG_LENGTH" | "WRONG_DIGEST";

  constructor(frame: Frame, reason: FrameInvalidError["reason"], message: string) {
    super(
      "FARM_FRAME_INVALID",
      `Cannot store frame ${frame}: ${message}`,
      "It is rendered again; when it stays so on one node, look at that node's disk and memory",
    );
    this.frame = frame;
    this.reason = reason;
  }
}

/**
 * Translates an error of the system; any other error is answered as it is.
 *
 * @param neededBytes What was to be written, for the hint
 */
export async function storeFailed(
  what: string,
  folder: string,
  error: unknown,
  neededBytes?: number,
): Promise<unknown> {
  const code = systemCodeOf(error);
  if (error instanceof FarmError || code === undefined) return error;
  const isFull = code === "ENOSPC" || code === "EDQUOT";
  const hint = isFull
    ? await spaceHint(folder, neededBytes)
    : `Make ${folder} readable and writable, then run the same command again: stored frames are kept`;
  return new FarmError("FARM_STORE_FAILED", `Cannot ${what}: ${messageOf(error)}`, hint, { cause: error });
}

/** @throws {FarmError} `FARM_STORE_FAILED` when a file of this size would not fit */
export async function requireSpace(folder: string, neededBytes: number): Promise<void> {
  const there = await freeBytes(folder);
  if (there === null || there >= neededBytes) return;
  throw new FarmError(
    "FARM_STORE_FAILED",
    `Cannot store ${megabytes(neededBytes)}: the disk is full`,
    await spaceHint(folder, neededBytes),
  );
}

async function spaceHint(folder: string, neededBytes?: number): Promise<string> {
  const there = await freeBytes(folder);
  const needed = neededBytes === undefined ? "" : `${megabytes(neededBytes)} needed, `;
  const free = there === null ? "" : ` (${needed}${megabytes(there)} there)`;
  return `Free space for ${folder}${free}, then run the same command again: stored frames are kept`;
}

/** `null` where the system does not say. */
async function freeBytes(folder: string): Promise<number | null> {
  const facts = await statfs(folder).catch(() => null);
  // Some network and overlay file systems answer 0 for everything.
  return facts === null || facts.blocks === 0 ? null : facts.bavail * facts.bsize;
}

function megabytes(bytes: number): string {
  return `${Math.ceil(bytes / 1e6)} MB`;
}
