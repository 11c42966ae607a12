import { stat } from "node:fs/promises";
import { extname } from "node:path";
import { FarmError } from "../core/errors.ts";
import { copyToNew, discard } from "../system/files/held-files.ts";
import { pictureArguments } from "./ffmpeg/ffmpeg-arguments.ts";
import { FfmpegProcess } from "./ffmpeg/ffmpeg-process.ts";
import type { FfmpegTools } from "./ffmpeg/ffmpeg-tools.ts";
import { piecesOf } from "./frame-pieces.ts";
import { outputFailed } from "./output-errors.ts";
import { giveUsualMode, moveIntoPlace, type OutputTarget, prepareTarget, removeParts } from "./output-target.ts";

export interface PosterOptions {
  readonly path: string;
  /** Not needed if the poster is a PNG. */
  readonly tools: FfmpegTools | undefined;
  readonly jobId: string;
  readonly overwrite: boolean;
  readonly again?: string;
  readonly signal?: AbortSignal;
}

/** @throws {FarmError} `FARM_BAD_INPUT` if a poster cannot have this extension */
export function requirePosterKind(path: string): void {
  if (isPng(path) || isJpeg(path)) return;
  throw new FarmError(
    "FARM_BAD_INPUT",
    `Cannot write this kind of poster: ${path}`,
    "Give --poster a path that ends in .png or .jpg",
  );
}

/** Whether FFmpeg is needed to make it. */
export function needsFfmpeg(posterPath: string): boolean {
  return !isPng(posterPath);
}

/**
 * A picture of one frame. It is written to a temporary file, and {@link publish} gives it its name. The caller must
 * dispose of it, which removes a poster that was not published.
 */
export class Poster implements AsyncDisposable {
  readonly #target: OutputTarget;
  readonly #overwrite: boolean;

  private constructor(target: OutputTarget, overwrite: boolean) {
    this.#target = target;
    this.#overwrite = overwrite;
  }

  /**
   * @param frame File of the frame; a PNG poster is a copy of it
   * @throws {FarmError} The same as for a video
   */
  static async make(frame: string, options: PosterOptions): Promise<Poster> {
    const { path, jobId, overwrite } = options;
    requirePosterKind(path);
    const target = await prepareTarget(path, jobId, overwrite, "--poster");
    await removeParts(target);
    const poster = new Poster(target, overwrite);
    try {
      if (isPng(path)) await copy(frame, target);
      else await convert(frame, target.partPath, options);
      return poster;
    } catch (error) {
      await poster[Symbol.asyncDispose]();
      throw error;
    }
  }

  async publish(): Promise<void> {
    await moveIntoPlace(this.#target, this.#overwrite);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await discard(this.#target.partPath);
  }
}

async function copy(frame: string, { path, partPath }: OutputTarget): Promise<void> {
  try {
    await copyToNew(frame, partPath);
    await giveUsualMode(partPath);
  } catch (error) {
    const neededBytes = (await stat(frame).catch(() => null))?.size;
    throw await outputFailed(path, error, { flag: "--poster", neededBytes });
  }
}

async function convert(frame: string, target: string, options: PosterOptions): Promise<void> {
  const { tools, again, signal } = options;
  if (tools === undefined) throw new Error("No FFmpeg was looked for");
  await using process = FfmpegProcess.start(tools.ffmpeg, pictureArguments(target), {
    target,
    ...(again !== undefined && { again }),
    ...(signal !== undefined && { signal }),
  });
  for await (const piece of piecesOf(frame)) await process.write(piece, "while it made the poster");
  await process.finish("while it made the poster");
}

function isPng(path: string): boolean {
  return extname(path).toLowerCase() === ".png";
}

function isJpeg(path: string): boolean {
  return [".jpg", ".jpeg"].includes(extname(path).toLowerCase());
}
