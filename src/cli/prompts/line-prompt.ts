import { clearScreenDown, createInterface, cursorTo, type Interface, moveCursor } from "node:readline";
import { Writable } from "node:stream";
import { out } from "../outputs.ts";

/**
 * Asks one question at a time on a terminal on which lines continue to appear: they appear above the question. Between
 * questions the terminal is as usual, so that Ctrl-C is a signal.
 */
export class LinePrompt {
  #open: Interface | undefined;

  /** Whether a question is on the screen. */
  get isAsking(): boolean {
    return this.#open !== undefined;
  }

  /** Writes a line, above the question if there is one. While nobody reads the terminal, lines may be dropped. */
  writeLine(line: string): void {
    if (this.#open === undefined) {
      out.writeLine(`${line}\n`);
      return;
    }
    this.#clear(this.#open);
    out.writeLine(`${line}\n`);
    this.#open.prompt(true);
  }

  /**
   * Asks for one line of text.
   *
   * @param signal Aborting withdraws the question
   * @returns The line; `undefined` if the question was withdrawn, or the terminal is gone
   */
  async ask(question: string, signal: AbortSignal): Promise<string | undefined> {
    if (signal.aborted) return undefined;
    const asking = createInterface({ input: process.stdin, output: this.terminal, terminal: true, prompt: question });
    this.#open = asking;
    // In this mode the terminal sends Ctrl-C as a key.
    asking.on("SIGINT", () => process.emit("SIGINT"));
    const onAbort = () => asking.close();
    signal.addEventListener("abort", onAbort, { once: true });
    try {
      return await new Promise<string | undefined>((resolve) => {
        asking.once("line", resolve);
        asking.once("close", () => resolve(undefined));
        asking.prompt();
      });
    } finally {
      signal.removeEventListener("abort", onAbort);
      this.#open = undefined;
      if (signal.aborted) this.#clear(asking);
      asking.close();
      process.stdin.pause(); // otherwise this program would not end by itself
    }
  }

  /** Removes the question from the screen. */
  #clear(asking: Interface): void {
    const { terminal } = this;
    moveCursor(terminal, 0, -asking.getCursorPos().rows);
    cursorTo(terminal, 0);
    clearScreenDown(terminal);
  }

  /** Standard output as `node:readline` needs it: it must not block on a terminal that nobody reads. */
  private get terminal(): Writable & { columns: number } {
    const write = (text: Buffer, _encoding: string, done: () => void) => {
      out.write(String(text));
      done();
    };
    return Object.assign(new Writable({ write }), { columns: process.stdout.columns });
  }
}
