import { dirname } from "node:path";
import type { JobSettings } from "../../config/job-settings.ts";
import type { Frame, NodeId } from "../../core/node.ts";
import { ownCommand } from "../../core/own-command.ts";
import { shellQuoted } from "../../core/text.ts";
import type { FinishedOutput } from "../../encode/finished-video.ts";
import type { PlacedPictures } from "../../encode/pictures/node-pictures.ts";
import { Poster } from "../../encode/poster.ts";
import type { SoundTrack } from "../../encode/sound-codec.ts";
import { WavFile } from "../../encode/wav-file.ts";
import type { StoredPicture } from "../../frames/pictures/stored-files.ts";
import type { FarmListener } from "../events.ts";
import type { OutputFacts } from "./output-facts.ts";
import type { OutputWriter, RefusedFrame, WriterOptions } from "./output-writer.ts";
import { otherPictures } from "./pictures/other-pictures.ts";
import { faultsOfPasses } from "./pictures/passes-faults.ts";
import { PicturePlacer } from "./pictures/picture-placer.ts";
import { sequenceNamesOf } from "./pictures/picture-sets.ts";
import { VideoWithPictures } from "./pictures/video-with-pictures.ts";
import type { PreparedOutput } from "./prepare-output.ts";
import { searchRefused } from "./refusal-search.ts";
import { SequenceWriter } from "./sequence-writer.ts";
import { VideoWriter } from "./video-writer.ts";

const tellEveryMs = 1_000;

export interface JobOutputOptions {
  readonly facts: OutputFacts;
  readonly prepared: PreparedOutput;
  readonly paths: Pick<JobSettings, "output" | "poster" | "overwrite" | "format">;
  readonly job: { readonly id: string; readonly folder: string };
  /** Whether the output is not beside the job folder, so that `encode` needs its path. */
  readonly isApart: boolean;
  /** The file of a stored frame; `undefined` while it is not stored. */
  readonly pathOf: (frame: Frame) => string | undefined;
  /** See `WriterOptions`. */
  readonly picturesOf: (frame: Frame) => readonly StoredPicture[] | undefined;
  /** The node that rendered a stored frame. */
  readonly nodeOf: (frame: Frame) => NodeId | undefined;
  /** See `WriterOptions`. */
  readonly onRefused: (refused: readonly RefusedFrame[]) => Promise<void>;
  /** The output's sound; `null` for none. */
  readonly sound: () => Promise<SoundTrack | null>;
  readonly tell: FarmListener;
  /** Warns the user, also in the summary. */
  readonly warn: (code: string, message: string) => void;
  readonly signal: AbortSignal;
}

/**
 * The output of a job: a video or an image sequence, and the poster. It is written while frames arrive. The caller owns
 * it: `await using`; disposing removes what is not finished.
 */
export class JobOutput implements AsyncDisposable {
  readonly #writer: OutputWriter;
  readonly #options: WriterOptions;
  readonly #poster: string | undefined;
  readonly #wav: string | undefined;
  readonly #tell: FarmListener;
  readonly #warn: JobOutputOptions["warn"];

  private constructor(writer: OutputWriter, options: WriterOptions, given: JobOutputOptions) {
    this.#writer = writer;
    this.#options = options;
    this.#poster = given.paths.poster;
    this.#wav = given.prepared.wav;
    this.#tell = given.tell;
    this.#warn = given.warn;
  }

  /**
   * Starts the output. Frames that are stored already must be accepted like any other.
   *
   * @throws {FarmError} `FARM_OUTPUT_EXISTS` and others, before anything is rendered
   */
  static async open(options: JobOutputOptions): Promise<JobOutput> {
    const { facts, prepared, paths, job, isApart, pathOf, picturesOf, nodeOf, onRefused, sound, tell, signal } =
      options;
    const { format, tools, pictures } = prepared;
    const { output, overwrite, format: beside } = paths;
    const writerOptions: WriterOptions = {
      ...{
        facts,
        format,
        beside,
        passes: pictures.nodes,
        tools,
        output,
        overwrite,
        job: job.id,
        pathOf,
        picturesOf,
        nodeOf,
        onRefused,
      },
      ...{ sound, signal },
      again: encodeCommandFor(job.folder, isApart, paths),
      onPostponed: (message) => tell({ type: "encode:postponed", message }),
    };
    for (const names of sequenceNamesOf(writerOptions)) {
      const others = await otherPictures(names, facts.frames);
      if (others !== null) options.warn("OTHER_PICTURES", others);
    }
    const placer = await PicturePlacer.open(writerOptions);
    const { otherPasses } = placer;
    if (otherPasses !== null) options.warn("OTHER_PICTURES", otherPasses);
    const writer =
      format.kind === "sequence"
        ? new SequenceWriter(placer)
        : new VideoWithPictures(new VideoWriter(withoutPictures(writerOptions, placer), format), placer);
    return new JobOutput(writer, writerOptions, options);
  }

  /** How many frames are in the output so far. */
  get encoded(): number {
    return this.#writer.encoded;
  }

  /** Adds a frame that is stored, in any order. */
  accept(frame: Frame): void {
    this.#writer.accept(frame);
  }

  /** Takes frames out of the output. They are accepted again once they are rendered again. */
  drop(frames: readonly Frame[]): Promise<void> {
    return this.#writer.apart(() => this.#writer.drop(frames));
  }

  /**
   * Waits until the output is complete, checked and in place, after all frames were accepted. Reports progress, and
   * makes the poster. Events tell where the pictures are that came beside it.
   *
   * @param drain The user's request to finish what is running. Only this is, so the request is merely acknowledged
   * @returns `null` if FFmpeg refused frames: call it again when all are stored again
   * @throws {FarmError} What went wrong with the output or the poster; then neither is in place
   */
  async finish(drain?: AbortSignal): Promise<FinishedOutput | null> {
    const total = this.#options.facts.frames.length;
    const timer = setInterval(() => {
      const { encoded } = this;
      this.#tell({
        type: "job:progressed",
        stored: total,
        total,
        nodes: 0,
        running: 0,
        encoded,
        etaMs: null,
        etaRangeMs: null,
      });
    }, tellEveryMs);
    const onDrain = () => this.#tell({ type: "output:finishing" });
    if (drain?.aborted) onDrain();
    drain?.addEventListener("abort", onDrain, { once: true });
    try {
      // Made before the output is put in place, and itself put in place after it: if either fails, neither is there.
      await using picture = await this.#makePoster();
      if (picture === null) return null;
      await using wav = await this.#makeWav();
      // If the poster's frame is missing, there is no poster; the writer will find the same.
      const written = await this.#writer.finish();
      if (written === null) return null;
      await picture?.publish();
      await wav?.publish();
      const { passes, beside, ...finished } = written;
      this.#tellPasses(passes);
      if (beside !== null) this.#tell({ type: "pictures:written", ...beside });
      return finished;
    } finally {
      clearInterval(timer);
      drain?.removeEventListener("abort", onDrain);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#writer[Symbol.asyncDispose]();
  }

  #tellPasses(passes: PlacedPictures | null): void {
    if (passes !== null) this.#tell({ type: "passes:written", folder: passes.folder, files: passes.files });
    for (const message of faultsOfPasses(passes, this.#options.facts.pictures)) this.#warn("PASSES_DIFFER", message);
  }

  async #makeWav(): Promise<WavFile | undefined> {
    const { sound, tools, job, overwrite, again, signal } = this.#options;
    const track = this.#wav === undefined ? null : await sound();
    if (this.#wav === undefined || track === null || tools === undefined) return undefined;
    return await WavFile.make(track, { path: this.#wav, tools, jobId: job, overwrite, again, signal });
  }

  /**
   * @returns `undefined` if none is wanted, or its frame was refused before and is not stored now; `null` if FFmpeg
   * refuses its frame now
   */
  async #makePoster(): Promise<Poster | null | undefined> {
    const path = this.#poster;
    return path === undefined ? undefined : await this.#writer.apart(() => this.#tryPoster(path));
  }

  async #tryPoster(path: string): Promise<Poster | null | undefined> {
    const { facts, pathOf, tools, job, overwrite, again, signal, onRefused } = this.#options;
    const frames = facts.frames.slice(0, 1);
    const [source] = frames.map(pathOf);
    if (source === undefined) return undefined;
    try {
      return await Poster.make(source, { path, tools, jobId: job, overwrite, again, signal });
    } catch (error) {
      const refused = await searchRefused(error, frames, this.#options, undefined);
      if (refused.length === 0) throw error;
      await this.#writer.drop(refused.map(({ frame }) => frame));
      await onRefused(refused);
      return null;
    }
  }
}

/** Frames that FFmpeg refuses take their pictures along before they leave the store: new ones would find old ones in place. */
function withoutPictures(options: WriterOptions, placer: PicturePlacer): WriterOptions {
  return {
    ...options,
    onRefused: async (refused) => {
      await placer.drop(refused.map(({ frame }) => frame));
      await options.onRefused(refused);
    },
  };
}

/** A hint for when all frames are stored and the output cannot be made. `encode` writes beside the job folder. */
export function encodeCommandFor(
  folder: string,
  isApart: boolean,
  { output, poster }: Pick<JobOutputOptions["paths"], "output" | "poster">,
): string {
  const isPosterNamed = poster !== undefined && (isApart || dirname(poster) !== dirname(output));
  const flags = `${isApart ? ` --output ${shellQuoted(output)}` : ""}${isPosterNamed ? ` --poster ${shellQuoted(poster)}` : ""}`;
  return `when that is fixed, finish the output with: ${ownCommand()} encode ${shellQuoted(folder)}${flags}`;
}
