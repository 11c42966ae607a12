import type { FarmError } from "../../core/errors.ts";
import type { Frame, NodeId } from "../../core/node.ts";
import type { PictureFormat } from "../../core/pictures/picture-format.ts";
import type { FfmpegTools } from "../../encode/ffmpeg/ffmpeg-tools.ts";
import type { FinishedOutput } from "../../encode/finished-video.ts";
import type { OutputFormat } from "../../encode/output-format.ts";
import type { PlacedPictures } from "../../encode/pictures/node-pictures.ts";
import type { SoundTrack } from "../../encode/sound-codec.ts";
import type { StoredPicture } from "../../frames/pictures/stored-files.ts";
import type { OutputFacts } from "./output-facts.ts";

/** A finished output, and what came beside it. */
export interface WrittenOutput extends FinishedOutput {
  /** The pictures of File Output nodes; `null` if there are none. */
  readonly passes: PlacedPictures | null;
  /** The pictures that the user wanted beside a video; `null` if there are none. */
  readonly beside: { readonly folder: string; readonly files: number } | null;
}

/** Makes the output from frames that come in any order while others still render. Only `finish` waits for it. */
export interface OutputWriter<Finished = WrittenOutput> extends AsyncDisposable {
  /** How many frames are in the output so far. */
  readonly encoded: number;
  /** Adds a frame that is stored. */
  accept(frame: Frame): void;
  /** Removes frames that FFmpeg refused. They are accepted again once they are rendered again. */
  drop(frames: readonly Frame[]): Promise<void>;
  /** Runs work while the writer does not search for refused frames: two searches would take each other's frames. */
  apart<Value>(work: () => Promise<Value>): Promise<Value>;
  /**
   * Waits until the output is complete, checked and in place, after all frames are stored.
   *
   * @returns `null` if some of them were refused meanwhile: call it again when all are stored again
   * @throws {FarmError} What fails in the second attempt too
   */
  finish(): Promise<Finished | null>;
}

/** A frame that FFmpeg refuses. */
export interface RefusedFrame {
  readonly frame: Frame;
  /** FFmpeg's own message. */
  readonly message: string;
}

export interface WriterOptions {
  readonly facts: OutputFacts;
  readonly format: OutputFormat;
  /** The format of the pictures that the user wants beside a video; `undefined` for none. */
  readonly beside: PictureFormat | undefined;
  /** `undefined` if no FFmpeg is needed. */
  readonly tools: FfmpegTools | undefined;
  readonly output: string;
  readonly overwrite: boolean;
  readonly job: string;
  /** The file of a stored frame; `undefined` while it is not stored. */
  readonly pathOf: (frame: Frame) => string | undefined;
  /** The pictures of a stored frame; `undefined` while it is not stored. */
  readonly picturesOf: (frame: Frame) => readonly StoredPicture[] | undefined;
  /** Whether those of File Output nodes are wanted. */
  readonly passes: boolean;
  /** The node that rendered a stored frame: what is wrong with one frame may be wrong with its others. */
  readonly nodeOf: (frame: Frame) => NodeId | undefined;
  /** The sound of the output; `null` for none. */
  readonly sound: () => Promise<SoundTrack | null>;
  /** What to do after a failure, for hints. */
  readonly again: string;
  /** Called when making the output failed for the first time. It is made again once all frames are stored. */
  readonly onPostponed: (message: string) => void;
  /**
   * Takes refused frames out of the store and has them rendered again.
   *
   * @throws {FarmError} If the job cannot continue without them
   */
  readonly onRefused: (refused: readonly RefusedFrame[]) => Promise<void>;
  readonly signal: AbortSignal;
}

/** Whether trying again would fail in the same way, as the problem is the output's place. */
export function isAboutOutput(error: unknown): boolean {
  const code = (error as Partial<FarmError> | undefined)?.code;
  return code === "FARM_OUTPUT_EXISTS" || code === "FARM_OUTPUT_UNWRITABLE";
}
