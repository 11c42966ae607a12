import { createLogUpdate } from "log-update";
import type { FarmEvent } from "../../index.ts";
import { type Line, paint, type Signs, signsOf, widthOfLine } from "./line.ts";
import { type ViewSize, viewLines } from "./render-view.ts";
import { brokenLines, interruptedLines, summaryLines } from "./summary.ts";
import { canShowColor, canShowUnicode, type Terminal } from "./terminal-traits.ts";
import { stoppingView, viewStateOf } from "./view-reducer.ts";
import { emptyView, type ViewState } from "./view-state.ts";

/** Ten times a second is as fast as anybody reads, and cheap over a slow line. */
const drawEveryMs = 100;
/** Without events the seconds still run. */
const redrawAfterMs = 500;

const hideCursor = "\u001b[?25l";
const showCursor = "\u001b[?25h";
const eraseBelow = "\u001b[J";
const eraseLine = "\r\u001b[K";

export interface LiveViewOptions {
  readonly terminal: Terminal;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly monotonicMs: () => number;
}

/**
 * The live view of a job on a terminal. Whoever makes it owns it: `using`. However the program ends, the cursor is shown
 * again, and what the user must know stays on the screen.
 *
 * It draws over its own lines only. Whatever else is written to the terminal goes through `writeAbove`, or the two garble.
 */
export class LiveView implements Disposable {
  readonly #terminal: Terminal;
  readonly #monotonicMs: () => number;
  readonly #look: Pick<ViewSize, "hasColor" | "hasUnicode">;
  readonly #signs: Signs;
  readonly #update: ReturnType<typeof createLogUpdate>;
  readonly #timer: NodeJS.Timeout;
  #state: ViewState;
  #drawn: readonly Line[] = [];
  #drawnMs = Number.NEGATIVE_INFINITY;
  #drawnColumns = 0;
  #isDue = true;
  #isPaused = false;
  #isOpen = true;

  constructor({ terminal, environment, monotonicMs }: LiveViewOptions) {
    this.#terminal = terminal;
    this.#monotonicMs = monotonicMs;
    this.#look = {
      hasColor: canShowColor(terminal, environment),
      hasUnicode: canShowUnicode(environment, process.platform),
    };
    this.#signs = signsOf(this.#look.hasUnicode);
    this.#state = emptyView(monotonicMs());
    // log-update would hide the cursor through stderr and never hear of a signal: the cursor is looked after here.
    // Of the terminal it uses what `Terminal` has, and no more.
    this.#update = createLogUpdate(terminal as unknown as NodeJS.WritableStream, { showCursor: true });
    this.#timer = setInterval(this.#onTimer, drawEveryMs);
    this.#timer.unref();
    terminal.on("resize", this.#onResize);
    process.on("exit", this.#onExit);
    if (process.platform !== "win32") {
      process.on("SIGTSTP", this.#onSuspend).on("SIGCONT", this.#onContinue).on("SIGQUIT", this.#onQuit);
    }
    terminal.write(hideCursor);
  }

  tell(event: FarmEvent): void {
    this.#state = viewStateOf(this.#state, event, this.#monotonicMs());
    this.#isDue = true;
    if (event.type === "job:completed") this.#end(summaryLines(this.#state, event, this.#signs));
    if (event.type === "job:interrupted") this.#end(interruptedLines(this.#state, event.missing, this.#signs));
    // The error itself is told below the view.
    if (event.type === "job:failed") this.#end(brokenLines(this.#state, event.message, this.#signs));
  }

  /** Whether the job goes on, as far as events tell. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** When the user wants it stopped at once: no event tells of it. */
  stopping(): void {
    this.#state = stoppingView(this.#state);
    this.#draw();
  }

  /** Leaves the terminal to a question; what is told meanwhile is shown after it. */
  pause(): void {
    if (this.#isPaused || !this.#isOpen) return;
    this.#clear();
    this.#isPaused = true;
    this.#terminal.write(showCursor);
  }

  /** The question is answered. */
  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#terminal.write(hideCursor);
    this.#draw();
  }

  /** Puts lines above the view, where they stay. @param write Writes them to the terminal, at once */
  writeAbove(write: () => void): void {
    if (this.#isOpen) this.#clear();
    write();
    this.#draw();
  }

  /** Ends a view whose job has not told its end. */
  [Symbol.dispose](): void {
    this.#end(brokenLines(this.#state, "", this.#signs));
  }

  readonly #onTimer = () => {
    if (this.#isDue || this.#monotonicMs() - this.#drawnMs >= redrawAfterMs) this.#draw();
  };

  readonly #onResize = () => {
    this.#draw();
  };

  /** An exception, `process.exit`, a signal that somebody turned into one: synchronous, and always reached. */
  readonly #onExit = () => {
    this[Symbol.dispose]();
  };

  readonly #onQuit = () => {
    this[Symbol.dispose]();
    process.kill(process.pid, "SIGQUIT");
  };

  /** Ctrl-Z: the shell gets a terminal in order. */
  readonly #onSuspend = () => {
    this.#clear();
    this.#terminal.write(showCursor);
    process.kill(process.pid, "SIGSTOP");
  };

  readonly #onContinue = () => {
    if (this.#isPaused) return;
    this.#terminal.write(hideCursor);
    this.#draw();
  };

  /** Nothing is drawn while an earlier picture waits: a terminal that takes no more, stopped by Ctrl-S, gets the next one. */
  #draw(): void {
    if (!this.#isOpen || this.#isPaused || this.#terminal.isBehind) return;
    const size = this.#size();
    if (size.columns < this.#drawnColumns) this.#clear();
    // The cursor stands below the view; "^C" and other keys that the terminal echoed there would stay.
    this.#terminal.write(eraseLine);
    const lines = viewLines(this.#state, size);
    // log-update 7.2 draws only what differs, and misplaces what stays the same below lines that came or went.
    if (lines.length !== this.#drawn.length) this.#update.clear();
    this.#drawn = lines;
    this.#drawnMs = size.atMs;
    this.#drawnColumns = size.columns;
    this.#isDue = false;
    this.#update(this.#drawn.map((line) => paint(line, size.hasColor)).join("\n"));
  }

  #clear(): void {
    const { columns, rows } = this.#size();
    if (columns < this.#drawnColumns) {
      // Terminals wrap lines that have become too long, so the old ones take more rows than they did when drawn.
      const height = this.#drawn.reduce((sum, line) => sum + Math.max(1, Math.ceil(widthOfLine(line) / columns)), 0);
      const up = Math.min(height, rows - 1);
      this.#terminal.write(`\r${up > 0 ? `\u001b[${up}A` : ""}${eraseBelow}`);
      this.#update.done();
    } else this.#update.clear();
    this.#drawn = [];
    this.#drawnColumns = 0;
  }

  #end(lines: readonly Line[]): void {
    if (!this.#isOpen) return;
    this.#clear();
    this.#isOpen = false;
    clearInterval(this.#timer);
    this.#terminal.off("resize", this.#onResize);
    process.off("exit", this.#onExit).off("SIGQUIT", this.#onQuit);
    process.off("SIGTSTP", this.#onSuspend).off("SIGCONT", this.#onContinue);
    this.#terminal.write(lines.map((line) => `${paint(line, this.#look.hasColor)}\n`).join("") + showCursor);
  }

  #size(): ViewSize {
    const { columns = 80, rows = 24 } = this.#terminal;
    // A terminal that does not know its size says 0.
    return { columns: columns || 80, rows: rows || 24, ...this.#look, atMs: this.#monotonicMs() };
  }
}
