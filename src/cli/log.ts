import { Writable } from "node:stream";
import pino from "pino";
import pretty from "pino-pretty";
import { LineFile, printable, withoutControls } from "../index.ts";

export interface LogOptions {
  /** The lowest level that goes to stderr. */
  readonly level: pino.LevelWithSilent;
  /** Whether stderr is a terminal: then lines are coloured and short. */
  readonly isTerminal: boolean;
  readonly write: (text: string) => void;
}

/** The level beside a live view. Only warnings and errors are shown there: more lines would push it off the screen. */
export function levelBesideView(level: pino.LevelWithSilent): pino.LevelWithSilent {
  return level === "trace" || level === "debug" || level === "info" ? "warn" : level;
}

/**
 * The program's log. Lines of the chosen level and above go to stderr; once there is a job folder, all lines go to a
 * file there.
 *
 * It is written synchronously in this process, because a worker thread could lose the last lines of a process that
 * exits. Most lines contain text from nodes, so control characters are removed, from the file too: people `cat` it.
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

  /** From now on, writes the log to a file too. A second run of a job replaces the file of the first. */
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

/** The time of day, which may jump, and the monotonic milliseconds of this process, which a report counts by. */
function timestamp(): string {
  return `,"time":${Date.now()},"ms":${Math.round(performance.now())}`;
}

/** pino-pretty prints characters that JSON had escaped, so all texts are made printable first. */
function prettyLines(destination: Writable): pino.DestinationStream {
  const lines = pretty({ sync: true, destination, ignore: "pid,hostname,ms" });
  const safe = (_: string, value: unknown) => (typeof value === "string" ? printable(value) : value);
  return { write: (line) => void lines.write(`${JSON.stringify(JSON.parse(line, safe))}\n`) };
}
