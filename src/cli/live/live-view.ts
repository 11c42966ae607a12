import { createLogUpdate } from "log-update";
import type { FarmEvent } from "../../index.ts";
import { type Line, paint, type Signs, signsOf, widthOfLine } from "./line.ts";
import { type ViewSize, viewLines } from "./render-view.ts";
import { brokenLines, estimatedLines, interruptedLines, type SummaryLook, summaryLines } from "./summary.ts";
import { canShowColor, canShowUnicode, type Terminal } from "./terminal-traits.ts";
import { stoppingView, viewStateOf } from "./view-reducer.ts";
import { emptyView, type ViewState } from "./view-state.ts";

/** Nobody reads faster than ten times a second, and it costs little over a slow connection. */
const drawEveryMs = 100;
/** Without events the view is still redrawn, because it shows running seconds. */
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
 * The live view of a job on a terminal. The caller must dispose of it. However the program ends, the cursor is shown
 * again, and the lines that the user needs stay on the screen.
 *
 * It draws over its own lines only. Anything else that is written to the terminal must go through `writeAbove`.
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
    // log-update would hide the cursor through stderr and not restore it after a signal, so this class does both
    // itself. log-update uses only those parts of the stream that `Terminal` has.
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
    if (event.type === "job:completed") this.#end(summaryLines(this.#state, event, this.#summaryLook()));
    if (event.type === "job:interrupted") this.#end(interruptedLines(this.#state, event.missing, this.#summaryLook()));
    if (event.type === "job:estimated") this.#end(estimatedLines(this.#state, event, this.#summaryLook()));
    // The error itself is printed below the view.
    if (event.type === "job:failed") this.#end(brokenLines(this.#state, event.message, this.#summaryLook()));
  }

  /** Whether no event has ended the view yet. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Call it when the user wants the job stopped at once: there is no event for that. */
  stopping(): void {
    this.#state = stoppingView(this.#state);
    this.#draw();
  }

  /** Leaves the terminal to a question; events that arrive meanwhile are shown after it. */
  pause(): void {
    if (this.#isPaused || !this.#isOpen) return;
    this.#clear();
    this.#isPaused = true;
    this.#terminal.write(showCursor);
  }

  /** Draws again after a question. */
  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#terminal.write(hideCursor);
    this.#draw();
  }

  /** Puts lines above the view, where they stay. @param write Writes them to the terminal, synchronously */
  writeAbove(write: () => void): void {
    if (this.#isOpen) this.#clear();
    write();
    this.#draw();
  }

  /** Ends the view, if no event has ended it. */
  [Symbol.dispose](): void {
    this.#end(brokenLines(this.#state, "", this.#summaryLook()));
  }

  readonly #onTimer = () => {
    if (this.#isDue || this.#monotonicMs() - this.#drawnMs >= redrawAfterMs) this.#draw();
  };

  readonly #onResize = () => {
    this.#draw();
  };

  /** Runs after an exception, `process.exit`, or a signal that calls it. It must be synchronous. */
  readonly #onExit = () => {
    this[Symbol.dispose]();
  };

  readonly #onQuit = () => {
    this[Symbol.dispose]();
    process.kill(process.pid, "SIGQUIT");
  };

  /** Ctrl-Z: the shell gets a terminal in good order. */
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

  /**
   * Skips drawing while earlier output waits, as on a terminal stopped by Ctrl-S: only a later state is drawn there.
   */
  #draw(): void {
    if (!this.#isOpen || this.#isPaused || this.#terminal.isBehind) return;
    const size = this.#size();
    if (size.columns < this.#drawnColumns) this.#clear();
    // The cursor is below the view, where the terminal echoes "^C" and other keys. Remove them.
    this.#terminal.write(eraseLine);
    const lines = viewLines(this.#state, size);
    // log-update 7.2 draws only changed lines, and misplaces unchanged ones below lines that were added or removed.
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
      // Terminals wrap lines that have become too long, so the old lines take more rows now than when they were drawn.
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

  #summaryLook(): SummaryLook {
    return { signs: this.#signs, columns: this.#size().columns };
  }

  #size(): ViewSize {
    const { columns = 80, rows = 24 } = this.#terminal;
    // A terminal that does not know its size reports 0.
    return { columns: columns || 80, rows: rows || 24, ...this.#look, atMs: this.#monotonicMs() };
  }
}
