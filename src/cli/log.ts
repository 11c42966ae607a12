import { Writable } from "node:stream";
import pino from "pino";
import pretty from "pino-pretty";
import { LineFile, printable, withoutControls } from "../index.ts";

export interface LogOptions {
  /** Level from which on lines go to stderr. */
  readonly level: pino.LevelWithSilent;
  /** Whether a person reads stderr: then lines are coloured and short. */
  readonly isTerminal: boolean;
  readonly write: (text: string) => void;
}

/** Beside a live view only what a person must see now is shown, or lines would push it off the screen. */
export function levelBesideView(level: pino.LevelWithSilent): pino.LevelWithSilent {
  return level === "trace" || level === "debug" || level === "info" ? "warn" : level;
}

/**
 * The program's log: to stderr from the level that was asked for, and all of it to the job folder once there is one.
 * Everything is written at once, in this process: a worker could lose the last lines of a process that ends. Nodes have
 * their say in most lines, so none holds a character that a terminal obeys, also not in the file: people `cat` it.
 */
export class JobLog {
  readonly logger: pino.Logger;
  readonly #options: LogOptions;
  readonly #files = new Map<string, LineFile>();
  readonly #streams: ReturnType<typeof pino.multistream>;

  constructor(options: LogOptions) {
    this.#options = options;
    const sink = new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        options.write(chunk.toString("utf8"));
        done();
      },
    });
    const stderr = options.isTerminal ? prettyLines(sink) : sink;
    this.#streams = pino.multistream(options.level === "silent" ? [] : [{ level: options.level, stream: stderr }]);
    const hooks = { streamWrite: withoutControls };
    this.logger = pino({ level: "trace", base: null, hooks, timestamp }, this.#streams);
  }

  /** Keeps the log in a file too, from now on. A job that is tried twice has one log, in a job folder that is made anew. */
  addFile(path: string): void {
    const there = this.#files.get(path);
    if (there) {
      there.close();
      return;
    }
    const { write } = this.#options;
    const onProblem = (why: string) => write(`${printable(`Cannot write all of the log ${path}: ${why}`)}\n`);
    const file = new LineFile(path, onProblem);
    this.#files.set(path, file);
    this.#streams.add({ level: "debug", stream: file });
  }
}

/** Beside the time of day, which may jump, milliseconds of this process, by which a report counts. */
function timestamp(): string {
  return `,"time":${Date.now()},"ms":${Math.round(performance.now())}`;
}

/** pino-pretty prints what JSON had escaped as it is, so the texts are made printable before it gets them. */
function prettyLines(destination: Writable): pino.DestinationStream {
  const lines = pretty({ sync: true, destination, ignore: "pid,hostname,ms" });
  const safe = (_: string, value: unknown) => (typeof value === "string" ? printable(value) : value);
  return { write: (line) => void lines.write(`${JSON.stringify(JSON.parse(line, safe))}\n`) };
}
