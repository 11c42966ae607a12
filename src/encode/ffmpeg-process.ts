import { once } from "node:events";
import { stat } from "node:fs/promises";
import { execa } from "execa";
import { messageOf } from "../core/errors.ts";
import { type FfmpegEnd, FfmpegExitedError } from "./encode-errors.ts";
import { type EncodeProgress, ProgressParser } from "./parse-progress.ts";

export interface FfmpegProcessOptions {
  /** The file that it writes: growing, it shows that FFmpeg is at work while it says nothing. */
  readonly target?: string;
  /** How long FFmpeg may do nothing at all while something is waited for, in milliseconds (default 5 min). */
  readonly stuckMs?: number;
  /** What can be done after a failure, for the hint. */
  readonly again?: string | undefined;
  readonly onProgress?: (progress: EncodeProgress) => void;
  /** Aborting stops the process; pending and later calls reject with its reason. */
  readonly signal?: AbortSignal;
}

/** After SIGTERM; a stopped or stuck FFmpeg does not obey it. */
const termGraceMs = 3_000;
/** How long a process may take to go after SIGKILL before its owner stops waiting for it. */
const killGraceMs = 5_000;
const tailLength = 8 * 1024;
/** One large frame may take an encoder a minute; five without a byte read or written is no work any more. */
const usualStuckMs = 300_000;
/** Looks per `stuckMs`. Looks are counted, not time: a machine that slept must not find its FFmpeg stuck. */
const looks = 10;

/**
 * A running FFmpeg that reads its input from a pipe. Whoever starts it owns it: `await using`.
 *
 * It runs in its own process group, so that a Ctrl-C in the terminal reaches only this program. When this program dies,
 * its end of the pipe closes and FFmpeg ends by itself.
 */
export class FfmpegProcess implements AsyncDisposable {
  readonly pid: number | undefined;
  readonly #process: ReturnType<typeof spawn>;
  readonly #signal: AbortSignal | undefined;
  readonly #onAbort = () => void this[Symbol.asyncDispose]();
  /** Aborted when no more can be written, whatever the reason: it frees a writer that waits for room. */
  readonly #closed = new AbortController();
  readonly #ended: Promise<FfmpegEnd>;
  readonly #options: FfmpegProcessOptions;
  readonly #stuckTimer: NodeJS.Timeout;
  #stderrTail = "";
  #isOver = false;
  /** How many callers wait for FFmpeg to do something. */
  #waiting = 0;
  #looksWithoutSign = 0;
  #lastSign = "";
  #progress = "";
  #isStuck = false;
  #stopped: Promise<void> | undefined;

  private constructor(ffmpeg: string, args: readonly string[], options: FfmpegProcessOptions) {
    this.#options = options;
    this.#signal = options.signal;
    this.#process = spawn(ffmpeg, args);
    this.pid = this.#process.pid;
    this.#stuckTimer = setInterval(() => void this.#look(), this.#stuckMs / looks);
    this.#stuckTimer.unref();
    this.#readOutput(options.onProgress);
    this.#process.stdin.on("error", () => this.#closed.abort()).on("close", () => this.#closed.abort());
    this.#ended = this.#process.then((result) => {
      this.#isOver = true;
      clearInterval(this.#stuckTimer);
      this.#closed.abort();
      this.#signal?.removeEventListener("abort", this.#onAbort);
      // No exit code and no signal: it was never started, and only the message says why.
      const notStarted = result.exitCode === undefined && result.signal === undefined;
      return {
        exitCode: result.exitCode ?? null,
        signalName: result.signal ?? null,
        stuckMs: this.#isStuck ? this.#stuckMs : null,
        stderrTail: notStarted ? (result.originalMessage ?? "") : this.#stderrTail,
      };
    });
    this.#signal?.addEventListener("abort", this.#onAbort, { once: true });
  }

  static start(ffmpeg: string, args: readonly string[], options: FfmpegProcessOptions = {}): FfmpegProcess {
    options.signal?.throwIfAborted();
    return new FfmpegProcess(ffmpeg, args, options);
  }

  /**
   * Sends bytes and waits while the pipe is full.
   *
   * @param where What is reached with these bytes, for the error's message
   * @throws {FfmpegExitedError} When FFmpeg has ended or stopped reading
   */
  async write(bytes: Uint8Array, where: string): Promise<void> {
    const { stdin } = this.#process;
    if (!this.#closed.signal.aborted && !stdin.write(bytes)) {
      // The signal fires when the pipe closes: an FFmpeg that was killed never drains anything.
      const drained = once(stdin, "drain", { signal: this.#closed.signal }).catch(() => this.#closed.abort());
      await this.#watched(drained);
    }
    if (this.#closed.signal.aborted) throw await this.#failure(where);
  }

  /**
   * Closes the pipe and waits until FFmpeg has written everything.
   *
   * @throws {FfmpegExitedError} When it ended with anything but code 0
   */
  async finish(where: string): Promise<void> {
    this.#process.stdin.end();
    const end = await this.#watched(this.#ended);
    this.#signal?.throwIfAborted();
    if (end.exitCode !== 0 || end.stuckMs !== null) throw new FfmpegExitedError(where, end, this.#options.again);
  }

  /** Stops FFmpeg at once, if it still runs. Idempotent: every caller awaits the same end. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  /** FFmpeg closed the pipe: it is about to end and to say why, or it is made to. */
  async #failure(where: string): Promise<unknown> {
    await this.#endedWithin(termGraceMs);
    if (!this.#isOver) await this[Symbol.asyncDispose]();
    this.#signal?.throwIfAborted();
    return new FfmpegExitedError(where, await this.#ended, this.#options.again);
  }

  get #stuckMs(): number {
    return this.#options.stuckMs ?? usualStuckMs;
  }

  /** Waits for FFmpeg; should it do nothing for too long, it is ended. */
  async #watched<T>(work: Promise<T>): Promise<T> {
    this.#waiting += 1;
    this.#looksWithoutSign = 0;
    try {
      return await work;
    } finally {
      this.#waiting -= 1;
    }
  }

  async #look(): Promise<void> {
    if (this.#waiting === 0) return;
    const { target } = this.#options;
    const file = target === undefined ? null : await stat(target).catch(() => null);
    const sign = `${this.#process.stdin.writableLength} ${this.#progress} ${file?.mtimeMs} ${file?.size}`;
    this.#looksWithoutSign = sign === this.#lastSign ? this.#looksWithoutSign + 1 : 0;
    this.#lastSign = sign;
    if (this.#looksWithoutSign < looks || this.#isOver) return;
    this.#isStuck = true;
    void this[Symbol.asyncDispose]();
  }

  async #stop(): Promise<void> {
    // Closing alone would let FFmpeg finish a short video; the signal alone does not wake it from reading the pipe.
    this.#kill("SIGTERM");
    this.#process.stdin.destroy();
    await this.#endedWithin(termGraceMs);
    this.#kill("SIGKILL");
    await this.#endedWithin(killGraceMs);
  }

  #kill(signal: "SIGTERM" | "SIGKILL"): void {
    if (this.#isOver || this.pid === undefined) return;
    try {
      // The group: `ffmpeg` may be a wrapper script with the real one as its child. Windows has no groups.
      if (process.platform === "win32") this.#process.kill(signal);
      else process.kill(-this.pid, signal);
    } catch {
      // It ended between the look and the signal.
    }
  }

  async #endedWithin(limitMs: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const limit = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, limitMs);
    });
    await Promise.race([this.#ended, limit]);
    clearTimeout(timer);
  }

  #readOutput(onProgress?: (progress: EncodeProgress) => void): void {
    const parser = new ProgressParser();
    this.#process.stdout.setEncoding("utf8").on("data", (text: string) => {
      for (const progress of parser.push(text)) {
        this.#progress = `${progress.frames} ${progress.sizeBytes}`;
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

function spawn(ffmpeg: string, args: readonly string[]) {
  return execa(ffmpeg, args, {
    detached: true,
    windowsHide: true,
    stdin: "pipe",
    stdout: "pipe",
    stderr: "pipe",
    buffer: false,
    reject: false,
    // English messages, whatever the user's language: some are matched for hints.
    env: { LC_ALL: "C" },
  });
}
