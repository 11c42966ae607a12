import { dirname } from "node:path";
import { FarmError, messageOf, systemCodeOf } from "../core/errors.ts";
import { closeHolder, isHeld } from "../system/files/held-files.ts";
import { isFull, isOutOfDescriptors, moreDescriptors, roomFor } from "../system/files/shortage.ts";
import type { ProgramAnswer } from "../system/programs/ask-program.ts";
import { saysFull, videoIncomplete } from "./encode-errors.ts";

/** What is known about a failure besides the system's error. */
export interface OutputFailure {
  /** The flag with the path (default `--output`). */
  readonly flag?: string | undefined;
  /** How much was still to be written, for the hint if the disk is full. */
  readonly neededBytes?: number | undefined;
}

/** The error for an existing file that must not be replaced. */
export function outputExists(path: string, flag = "--output"): FarmError {
  return new FarmError(
    "FARM_OUTPUT_EXISTS",
    `Cannot write the output, because the file exists: ${path}`,
    `Choose another ${flag}, or give --overwrite to replace the file`,
  );
}

/** The error for a path to which no file can be written. */
export function unwritable(path: string, why: string, flag = "--output"): FarmError {
  return new FarmError("FARM_OUTPUT_UNWRITABLE", messageFor(path, why), elsewhere(flag));
}

/**
 * Translates a system error from writing an output; any other error is returned unchanged.
 *
 * @param path What was to be written; it need not exist
 */
export async function outputFailed(path: string, error: unknown, failure: OutputFailure = {}): Promise<unknown> {
  const code = systemCodeOf(error);
  if (error instanceof FarmError || code === undefined) return error;
  const hint = await hintFor(code, path, failure);
  return new FarmError("FARM_OUTPUT_UNWRITABLE", messageFor(path, messageOf(error)), hint, { cause: error });
}

/** @returns Why FFmpeg did not write all of the sound; `null` if it did. For some files it finds no error in a full disk. */
export function soundProblem({ failed, why, stderr }: ProgramAnswer): string | null {
  if (failed) return why;
  return saysFull(stderr) ? stderr.trim() : null;
}

/**
 * The error for sound that FFmpeg could not write.
 *
 * @param why FFmpeg's message
 */
export async function soundFailed(
  path: string,
  why: string,
  { again, ...failure }: OutputFailure & { readonly again?: string | undefined },
): Promise<FarmError> {
  if (!saysFull(why)) return videoIncomplete(`its sound could not be written (${why})`, again);
  return new FarmError("FARM_OUTPUT_UNWRITABLE", messageFor(path, why), await hintFor("ENOSPC", path, failure));
}

async function hintFor(systemCode: string, path: string, { flag = "--output", neededBytes }: OutputFailure) {
  const kept = "then run the same command again: rendered frames are kept";
  if (isOutOfDescriptors(systemCode)) return `${moreDescriptors}, ${kept}`;
  if (systemCode === "ENAMETOOLONG") return `Give ${flag} a shorter name: a file system allows 255 bytes, or fewer`;
  if (isHeld(systemCode))
    return `${closeHolder(path)}, ${kept}; or give ${flag} another path, in a folder where you can write`;
  if (!isFull(systemCode)) return elsewhere(flag);
  const folder = dirname(path);
  return `Free space for ${folder} (${await roomFor(folder, neededBytes)}) or give ${flag} a path on another disk, ${kept}`;
}

function messageFor(path: string, why: string): string {
  return `Cannot write the output ${path}: ${why}`;
}

function elsewhere(flag: string): string {
  return `Give ${flag} a path in a folder where you can write`;
}
