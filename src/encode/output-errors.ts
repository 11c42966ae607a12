import { dirname } from "node:path";
import { FarmError, messageOf, systemCodeOf } from "../core/errors.ts";
import { closeHolder, isHeld } from "../system/files/held-files.ts";
import { isFull, isOutOfDescriptors, moreDescriptors, roomFor } from "../system/files/shortage.ts";

/** What is known of a failure beside the system's own words. */
export interface OutputFailure {
  /** The flag that names the place (default `--output`). */
  readonly flag?: string | undefined;
  /** What was still to be written, for the hint when the disk is full. */
  readonly neededBytes?: number | undefined;
}

/** There is a file in the output's place, and it may not be replaced. */
export function outputExists(path: string, flag = "--output"): FarmError {
  return new FarmError(
    "FARM_OUTPUT_EXISTS",
    `Cannot write the output, as there is a file already: ${path}`,
    `Choose another ${flag}, or give --overwrite to replace the file`,
  );
}

/** The output's place can hold no file. */
export function unwritable(path: string, why: string, flag = "--output"): FarmError {
  return new FarmError("FARM_OUTPUT_UNWRITABLE", messageFor(path, why), elsewhere(flag));
}

/**
 * Translates an error that the system gave where an output is written; any other error is answered as it is.
 *
 * @param path What was to be written; need not be there
 */
export async function outputFailed(path: string, error: unknown, failure: OutputFailure = {}): Promise<unknown> {
  const code = systemCodeOf(error);
  if (error instanceof FarmError || code === undefined) return error;
  const hint = await hintFor(code, path, failure);
  return new FarmError("FARM_OUTPUT_UNWRITABLE", messageFor(path, messageOf(error)), hint, { cause: error });
}

async function hintFor(systemCode: string, path: string, { flag = "--output", neededBytes }: OutputFailure) {
  const kept = "then run the same command again: rendered frames are kept";
  if (isOutOfDescriptors(systemCode)) return `${moreDescriptors}, ${kept}`;
  if (systemCode === "ENAMETOOLONG") return `Give ${flag} a shorter name: a file system takes 255 bytes, or fewer`;
  if (isHeld(systemCode))
    return `${closeHolder(path)}, ${kept}; or give ${flag} another path, in a folder where you may write`;
  if (!isFull(systemCode)) return elsewhere(flag);
  const folder = dirname(path);
  return `Free space for ${folder} (${await roomFor(folder, neededBytes)}) or give ${flag} a path on another disk, ${kept}`;
}

function messageFor(path: string, why: string): string {
  return `Cannot write the output ${path}: ${why}`;
}

function elsewhere(flag: string): string {
  return `Give ${flag} a path in a folder where you may write`;
}
