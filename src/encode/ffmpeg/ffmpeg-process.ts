import { once } from "node:events";
import { stat } from "node:fs/promises";
import { dirname } from "node:path";
import { messageOf } from "../../core/errors.ts";
import { endsWithin } from "../../core/time-limit.ts";
import { endProgram, termGraceMs } from "../../system/programs/end-program.ts";
import { startProgram } from "../../system/programs/start-program.ts";
import { encoderNotStarted, type FfmpegEnd, FfmpegExitedError, saysFull } from "../encode-errors.ts";
import { roomForRest } from "../unfinished.ts";
import { type EncodeProgress, ProgressParser } from "./parse-progress.ts";

export interface FfmpegProcessOptions {
  /** The file that FFmpeg writes. While it grows, FFmpeg is working, even if it reports nothing. */
  readonly target?: string;
  /** How long the video will be, if known: for the estimate of the space that it needs. */
  readonly expectedSeconds?: number;
  /** How long FFmpeg may do nothing while a caller waits for it, in milliseconds (default 5 min). */
  readonly stuckMs?: number;
  /** What the user can do after a failure, for the hint. */
  readonly again?: string | undefined;
  readonly onProgress?: (progress: EncodeProgress) => void;
  /** Aborting stops the process; pending and later calls reject with its reason. */
  readonly signal?: AbortSignal;
}

const tailLength = 8 * 1024;
/**
 * An encoder may need a minute for one large frame. Five minutes without a byte read or written mean that it is stuck.
 */
const usualStuckMs = 300_000;
/**
 * Checks per `stuckMs`. They are counted instead of time, so that FFmpeg is not called stuck after the machine slept.
 */
const checks = 10;

/**
 * A running FFmpeg that reads its input from a pipe. The caller must dispose of it: `await using`.
 *
 * It runs in its own process group, so that Ctrl-C in the terminal reaches only this program. If this program dies, its
 * end of the pipe closes and FFmpeg ends by itself.
 */
export class FfmpegProcess implements AsyncDisposable {
  readonly pid: number | undefined;
  readonly #process: Started;
  readonly #signal: AbortSignal | undefined;
  readonly #onAbort = () => void this[Symbol.asyncDispose]();
  /** Aborted when nothing more can be written, for any reason. It wakes a writer that waits for the pipe. */
  readonly #closed = new AbortController();
  /** Always resolves: an FFmpeg that even SIGKILL does not end is abandoned. */
  readonly #ended: Promise<FfmpegEnd>;
  readonly #options: FfmpegProcessOptions;
  readonly #stuckTimer: NodeJS.Timeout;
  #giveUp = () => {};
  #stderrTail = "";
  #isOver = false;
  /** How many callers are waiting for FFmpeg. */
  #waiting = 0;
  #checksWithoutSign = 0;
  #lastSign = "";
  #progress: EncodeProgress = { frames: 0, seconds: 0, sizeBytes: 0 };
  /** Size and time of the target when they were last read. */
  #targetState = "";
  #isReadingTarget = false;
  #isStuck = false;
  #stopped: Promise<void> | undefined;

  private constructor(started: Started, options: FfmpegProcessOptions) {
    this.#options = options;
    this.#signal = options.signal;
    this.#process = started;
    this.pid = started.pid;
    this.#stuckTimer = setInterval(() => this.#check(), this.#stuckMs / checks);
    this.#stuckTimer.unref();
    this.#readOutput(options.onProgress);
    started.stdin.on("error", () => this.#closed.abort()).on("close", () => this.#closed.abort());
    const givenUp = new Promise<FfmpegEnd>((resolve) => {
      this.#giveUp = () => resolve(this.#end(null, "SIGKILL"));
    });
    const over = started.then((result) => {
      // Without exit code and signal it was never started, and only the message says why.
      const notStarted = result.exitCode === undefined && result.signal === undefined;
      if (notStarted) this.#stderrTail = result.originalMessage ?? "";
      return this.#end(result.exitCode ?? null, result.signal ?? null);
    });
    this.#ended = Promise.race([over, givenUp]).then((end) => {
      this.#isOver = true;
      clearInterval(this.#stuckTimer);
      this.#closed.abort();
      this.#signal?.removeEventListener("abort", this.#onAbort);
      return end;
    });
    this.#signal?.addEventListener("abort", this.#onAbort, { once: true });
  }

  /** @throws {FarmError} `FARM_FFMPEG_EXITED` if too many files are open */
  static start(ffmpeg: string, args: readonly string[], options: FfmpegProcessOptions = {}): FfmpegProcess {
    options.signal?.throwIfAborted();
    let started: Started;
    try {
      started = spawn(ffmpeg, args);
    } catch (error) {
      throw encoderNotStarted(ffmpeg, error, options.again);
    }
    return new FfmpegProcess(started, options);
  }

  /**
   * Writes bytes to FFmpeg and waits while the pipe is full.
   *
   * @param where What these bytes belong to, for the error's message
   * @throws {FfmpegExitedError} If FFmpeg has ended or stopped reading
   */
  async write(bytes: Uint8Array, where: string): Promise<void> {
    const { stdin } = this.#process;
    if (!this.#closed.signal.aborted && !stdin.write(bytes)) {
      // The signal is aborted when the pipe closes: a killed FFmpeg never drains it.
      const drained = once(stdin, "drain", { signal: this.#closed.signal }).catch(() => this.#closed.abort());
      await this.#watched(drained);
    }
    if (this.#closed.signal.aborted) throw await this.#failure(where);
  }

  /**
   * Closes the pipe and waits until FFmpeg has written everything.
   *
   * @throws {FfmpegExitedError} If it ended with anything but code 0
   */
  async finish(where: string): Promise<void> {
    this.#process.stdin.end();
    const end = await this.#watched(this.#ended);
    this.#signal?.throwIfAborted();
    if (end.exitCode !== 0 || end.stuckMs !== null) throw await this.#errorOf(where, end);
  }

  /**
   * Resolves with an error when FFmpeg ends before {@link finish}, for callers that have nothing to write at the
   * moment.
   *
   * @param where How far the caller has come by then, for the error's message
   */
  async endedEarly(where: () => string): Promise<unknown> {
    const end = await this.#ended;
    return this.#signal?.aborted ? this.#signal.reason : await this.#errorOf(where(), end);
  }

  /** Stops FFmpeg at once, if it is still running. Idempotent. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  /** FFmpeg has closed the pipe: it is about to end with a message, or it is stopped. */
  async #failure(where: string): Promise<unknown> {
    if (!(await endsWithin(this.#ended, termGraceMs))) await this[Symbol.asyncDispose]();
    this.#signal?.throwIfAborted();
    return await this.#errorOf(where, await this.#ended);
  }

  async #errorOf(where: string, end: FfmpegEnd): Promise<FfmpegExitedError> {
    const { target: path, again, expectedSeconds } = this.#options;
    if (path === undefined || !saysFull(end.stderrTail)) return new FfmpegExitedError(where, end, again);
    const { seconds, sizeBytes } = this.#progress;
    const room = `${dirname(path)} (${await roomForRest({ path, seconds, sizeBytes, expectedSeconds })})`;
    return new FfmpegExitedError(where, end, again, room);
  }

  #end(exitCode: number | null, signalName: string | null): FfmpegEnd {
    const stuckMs = this.#isStuck ? this.#stuckMs : null;
    return { exitCode, signalName, stuckMs, stderrTail: this.#stderrTail };
  }

  get #stuckMs(): number {
    return this.#options.stuckMs ?? usualStuckMs;
  }

  /** Waits for FFmpeg, and stops it if it does nothing for too long. */
  async #watched<T>(work: Promise<T>): Promise<T> {
    this.#waiting += 1;
    this.#checksWithoutSign = 0;
    try {
      return await work;
    } finally {
      this.#waiting -= 1;
    }
  }

  #check(): void {
    if (this.#waiting === 0) return;
    void this.#readTarget();
    const { frames, sizeBytes } = this.#progress;
    const sign = `${this.#process.stdin.writableLength} ${frames} ${sizeBytes} ${this.#targetState}`;
    this.#checksWithoutSign = sign === this.#lastSign ? this.#checksWithoutSign + 1 : 0;
    this.#lastSign = sign;
    if (this.#checksWithoutSign < checks || this.#isOver) return;
    this.#isStuck = true;
    void this[Symbol.asyncDispose]();
  }

  /**
   * Reads the target's size, without overlap. No check waits for it, because a dead disk may be why FFmpeg is stuck.
   */
  async #readTarget(): Promise<void> {
    const { target } = this.#options;
    if (target === undefined || this.#isReadingTarget) return;
    this.#isReadingTarget = true;
    const file = await stat(target).catch(() => null);
    this.#targetState = `${file?.mtimeMs} ${file?.size}`;
    this.#isReadingTarget = false;
  }

  async #stop(): Promise<void> {
    if (!(await endProgram(this.#process, this.#ended))) this.#giveUp();
  }

  #readOutput(onProgress?: (progress: EncodeProgress) => void): void {
    const parser = new ProgressParser();
    this.#process.stdout.setEncoding("utf8").on("data", (text: string) => {
      for (const progress of parser.push(text)) {
        this.#progress = progress;
        onProgress?.(progress);
      }
    });
    this.#process.stderr.setEncoding("utf8").on("data", (text: string) => {
      this.#stderrTail = (this.#stderrTail + text).slice(-tailLength);
    });
    for (const stream of [this.#process.stdout, this.#process.stderr]) {
      stream.on("error", (error) => {
        this.#stderrTail += `\n(its output cannot be read: ${messageOf(error)})`;
      });
    }
  }
}

type Started = ReturnType<typeof spawn>;

function spawn(ffmpeg: string, args: readonly string[]) {
  return startProgram(ffmpeg, args, {
    stdin: "pipe",
    stdout: "pipe",
    stderr: "pipe",
    buffer: false,
    reject: false,
    // English messages, because some of them are matched for hints.
    env: { LC_ALL: "C" },
  });
}
