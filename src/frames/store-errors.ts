import { FarmError, messageOf, systemCodeOf } from "../core/errors.ts";
import type { Frame } from "../core/node.ts";
import { formatBytes } from "../core/units.ts";
import { closeHolder, isHeld } from "../system/files/held-files.ts";
import { freeBytes, isFull, isOutOfDescriptors, moreDescriptors, roomFor } from "../system/files/shortage.ts";
import type { FrameFault } from "./check/frame-expectation.ts";

/** A result that is not the expected frame: it counts against the node that sent it. */
export class FrameInvalidError extends FarmError {
  readonly frame: Frame;
  readonly reason: FrameFault | "WRONG_LENGTH" | "WRONG_DIGEST" | "WRONG_PICTURES";

  constructor(frame: Frame, reason: FrameInvalidError["reason"], message: string) {
    super(
      "FARM_FRAME_INVALID",
      `Cannot store frame ${frame}: ${message}`,
      "It is rendered again; if this keeps happening on one node, check that node's disk and memory",
    );
    this.frame = frame;
    this.reason = reason;
  }
}

/**
 * Translates a system error; any other error is returned unchanged.
 *
 * @param neededBytes How much was to be written, for the hint if the disk is full; an estimate is enough
 */
export async function storeFailed(
  what: string,
  folder: string,
  error: unknown,
  neededBytes?: number,
): Promise<unknown> {
  const code = systemCodeOf(error);
  if (error instanceof FarmError || code === undefined) return error;
  const message = `Cannot ${what}: ${messageOf(error)}`;
  const remedy = (await remedyOf(code, folder, neededBytes)) ?? `Make ${folder} readable and writable`;
  return new FarmError("FARM_STORE_FAILED", message, `${remedy}, ${kept}`, { cause: error });
}

/**
 * The same for a job folder that cannot be used at all: then its place can be changed too.
 *
 * @param flag The flag that decides its place
 */
export async function folderUnusable(path: string, error: unknown, flag = "--output"): Promise<unknown> {
  const code = systemCodeOf(error);
  if (error instanceof FarmError || code === undefined) return error;
  const message = `Cannot use the job folder: ${path} (${code})`;
  const remedy = await remedyOf(code, path);
  const hint = remedy === null ? placeHint(code, flag) : `${remedy}, ${kept}`;
  return new FarmError("FARM_OUTPUT_UNWRITABLE", message, hint, { cause: error });
}

/** @throws {FarmError} `FARM_STORE_FAILED` if a file of this size would not fit */
export async function requireSpace(folder: string, neededBytes: number): Promise<void> {
  const there = await freeBytes(folder);
  if (there === null || there >= neededBytes) return;
  throw new FarmError(
    "FARM_STORE_FAILED",
    `Cannot store ${formatBytes(neededBytes)}: the disk is full`,
    `${await moreSpace(folder, neededBytes)}, ${kept}`,
  );
}

function placeHint(systemCode: string, flag: string): string {
  if (systemCode !== "ENAMETOOLONG") return `Give ${flag} a path in a folder where you can write`;
  return "Give --output a shorter name, or --job-dir DIR: the job folder has the output's name with .renderfarm";
}

const kept = "then run the same command again: stored frames are kept";

/** What to do about a shortage; `null` if the error is something else. */
async function remedyOf(systemCode: string, folder: string, neededBytes?: number): Promise<string | null> {
  if (isFull(systemCode)) return await moreSpace(folder, neededBytes);
  if (isHeld(systemCode)) return `${closeHolder(folder)}, or make it readable and writable`;
  return isOutOfDescriptors(systemCode) ? moreDescriptors : null;
}

async function moreSpace(folder: string, neededBytes?: number): Promise<string> {
  return `Free space for ${folder} (${await roomFor(folder, neededBytes)})`;
}
