import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { type LabProgram, startProgram, within } from "./lab-program.ts";

/** The built command line. */
export const builtProgram = fileURLToPath(new URL("../../../dist/cli/main.js", import.meta.url));

/** Longer than any pause in the small job of a test, even on a busy machine. */
const eventWithinMs = 90_000;

/** One line of `--json`. */
export interface LabEvent {
  readonly type: string;
  /** When the test received it, by `performance.now()`, which changes of the wall clock do not affect. */
  readonly heardAtMs: number;
  readonly [field: string]: unknown;
}

/** A run of the command line with --json, and the events it has emitted so far. */
export class LabCoordinator {
  readonly events: LabEvent[] = [];
  /** How it ended; rejects if it printed a line that is not an event, unless a signal cut the line short. */
  readonly ended: LabProgram["ended"];
  /** Called with every event. */
  onEvent: (event: LabEvent) => void = () => {};
  readonly #program: LabProgram;
  readonly #waiting = new Set<() => void>();

  /**
   * Starts a render by the built command line with this machine's Node. It does not keep the machine awake: whether the
   * system allows that depends on who runs the tests, and how.
   *
   * @param on Words that run it on its host
   */
  static start(
    args: readonly string[],
    on: readonly string[],
    env: Readonly<Record<string, string>>,
    cwd: string,
  ): LabCoordinator {
    const program = startProgram([...on, process.execPath, builtProgram, ...args, "--json", "--allow-sleep"], env, cwd);
    if (program.child.stdout === null) throw new Error("Cannot read the events: the program has no standard output");
    return new LabCoordinator(program, program.child.stdout);
  }

  /** @param output The standard output of the program, which was started with --json */
  constructor(program: LabProgram, output: Readable) {
    this.#program = program;
    let wrong: string | undefined;
    createInterface({ input: output }).on("line", (line) => {
      const event = eventOf(line);
      if (event === undefined) {
        wrong ??= line;
        return;
      }
      this.events.push(event);
      this.onEvent(event);
      for (const look of this.#waiting) look();
    });
    this.ended = program.ended.then((end) => {
      if (wrong === undefined || end.signal !== null) return end;
      throw new Error(`It printed a line that is not an event: ${wrong.slice(0, 400)}\n${end.stderr}`);
    });
    this.ended.catch(() => {}); // callers that await it get the error
  }

  get isAlive(): boolean {
    const { pid, exitCode, signalCode } = this.#program.child;
    return pid !== undefined && exitCode === null && signalCode === null;
  }

  /**
   * Waits for the nth event of a type among those that `matches` accepts.
   *
   * @throws If the program ends without it, or the time is up
   */
  async event(type: string, count = 1, matches: (event: LabEvent) => boolean = () => true): Promise<LabEvent> {
    let look = () => {};
    const seen = new Promise<LabEvent>((resolve) => {
      look = () => {
        const found = this.all(type).filter(matches)[count - 1];
        if (found !== undefined) resolve(found);
      };
    });
    this.#waiting.add(look);
    look();
    const over = this.ended.then(({ code, stderr }) => {
      look(); // the last line may have arrived together with the end
      throw new Error(`Cannot wait for '${type}': the program ended with status ${code}\n${this.story()}\n${stderr}`);
    });
    try {
      return await within(Promise.race([seen, over]), eventWithinMs, () => `${count} × '${type}'\n${this.story()}`);
    } finally {
      this.#waiting.delete(look);
    }
  }

  /** Every event of a type so far. */
  all(type: string): LabEvent[] {
    return this.events.filter((event) => event.type === type);
  }

  /** Signals only the program, like Ctrl-C in a terminal when its children are in groups of their own. */
  signal(name: NodeJS.Signals): void {
    this.#program.child.kill(name);
  }

  /** Waits for the end; the test checks the status and the events. */
  async end(timeoutMs = 120_000): Promise<{ code: number | null; stderr: string; last: LabEvent | undefined }> {
    const { code, stderr } = await within(this.ended, timeoutMs, () => `the end of the job\n${this.story()}`);
    return { code, stderr, last: this.events.at(-1) };
  }

  /** The last events in short, for the message of a failed test. */
  story(): string {
    return this.events
      .slice(-25)
      .map((event) => JSON.stringify(event).slice(0, 300))
      .join("\n");
  }
}

function eventOf(line: string): LabEvent | undefined {
  try {
    return { ...(JSON.parse(line) as { type: string }), heardAtMs: performance.now() };
  } catch {
    return undefined;
  }
}
