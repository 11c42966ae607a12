import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { type LabProgram, startProgram, within } from "./lab-program.ts";

/** The built command line. */
export const builtProgram = fileURLToPath(new URL("../../../dist/cli/main.js", import.meta.url));

/** Longer than any silence of a test's small job, even on a busy machine. */
const eventWithinMs = 90_000;

/** One line of `--json`. */
export interface LabEvent {
  readonly type: string;
  /** When the test heard of it, on the scale of `performance.now()`: no clock on a wall can move it. */
  readonly heardAtMs: number;
  readonly [field: string]: unknown;
}

/** A run of the command line with --json, and the events it has told so far. */
export class LabCoordinator {
  readonly events: LabEvent[] = [];
  /** How it ended; an error when it told something that is no event, unless a signal cut it short. */
  readonly ended: LabProgram["ended"];
  /** Told of every event. */
  onEvent: (event: LabEvent) => void = () => {};
  readonly #program: LabProgram;
  readonly #waiting = new Set<() => void>();

  /**
   * Starts a render by the built command line with this machine's Node. What keeps the machine awake is left out: whether
   * the system allows it depends on who runs the tests, and how.
   *
   * @param on Words that bring it to its host
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

  /** @param output What the program says on standard output: it was started with --json */
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
      throw new Error(`It told what is no event: ${wrong.slice(0, 400)}\n${end.stderr}`);
    });
    this.ended.catch(() => {}); // whoever awaits it is told
  }

  get isAlive(): boolean {
    const { pid, exitCode, signalCode } = this.#program.child;
    return pid !== undefined && exitCode === null && signalCode === null;
  }

  /**
   * Waits for the nth event of a type, of those that `matches` accepts.
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
      look(); // the last line may have come together with the end
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

  /** Sends a signal to the program alone, as a terminal's Ctrl-C does to a program that keeps its children apart. */
  signal(name: NodeJS.Signals): void {
    this.#program.child.kill(name);
  }

  /** Waits for the end; the status and the events are the test's to judge. */
  async end(timeoutMs = 120_000): Promise<{ code: number | null; stderr: string; last: LabEvent | undefined }> {
    const { code, stderr } = await within(this.ended, timeoutMs, () => `the end of the job\n${this.story()}`);
    return { code, stderr, last: this.events.at(-1) };
  }

  /** The last events in short, for the message of a test that failed. */
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
