import { discard } from "../system/files/held-files.ts";
import { askProgram } from "../system/programs/ask-program.ts";
import { wavArguments } from "./ffmpeg/ffmpeg-arguments.ts";
import type { FfmpegTools } from "./ffmpeg/ffmpeg-tools.ts";
import { soundFailed, soundProblem } from "./output-errors.ts";
import { type OutputFormat, pathBeside } from "./output-format.ts";
import { moveIntoPlace, type OutputTarget, prepareTarget, removeParts } from "./output-target.ts";
import type { SoundTrack } from "./sound-codec.ts";

export interface WavOptions {
  readonly path: string;
  readonly tools: FfmpegTools;
  readonly jobId: string;
  readonly overwrite: boolean;
  readonly again?: string;
  readonly signal?: AbortSignal;
}

/** Far above what an hour of sound takes on a slow disk. */
const writtenWithinMs = 30 * 60_000;

/** Where the sound of an output is written: beside a video, or beside pictures, under their name without the number. */
export function wavPathOf(output: string, format: OutputFormat): string {
  return pathBeside(output, format, ".wav");
}

/**
 * Sound as a WAV file of 16 bits. It is written to a temporary file, and {@link publish} gives it its name. The caller
 * must dispose of it, which removes a file that was not published.
 */
export class WavFile implements AsyncDisposable {
  readonly #target: OutputTarget;
  readonly #overwrite: boolean;

  private constructor(target: OutputTarget, overwrite: boolean) {
    this.#target = target;
    this.#overwrite = overwrite;
  }

  /** @throws {FarmError} The same as for a video */
  static async make(sound: SoundTrack, options: WavOptions): Promise<WavFile> {
    const { path, tools, jobId, overwrite, again, signal } = options;
    const target = await prepareTarget(path, jobId, overwrite, "--audio");
    await removeParts(target);
    const file = new WavFile(target, overwrite);
    const args = ["-y", ...wavArguments(sound, target.partPath)];
    try {
      const answer = await askProgram(tools.ffmpeg, args, { timeoutMs: writtenWithinMs, signal });
      const problem = soundProblem(answer);
      if (problem !== null) {
        await discard(target.partPath);
        throw await soundFailed(path, problem, { flag: "--audio", again });
      }
      return file;
    } catch (error) {
      await file[Symbol.asyncDispose]();
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
