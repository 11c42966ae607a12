import { execFile, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { promisify } from "node:util";
import { isSoon } from "../wait-for.ts";

const run = promisify(execFile);

/** Why tests in a real terminal cannot run here; `null` if they can. */
export const noTmux: string | null =
  spawnSync("tmux", ["-V"]).status === 0 ? null : "tmux is not installed: nothing was tested in a real terminal";
if (noTmux !== null) console.warn(`Skipped: ${noTmux}`);

export interface TerminalSize {
  readonly columns: number;
  readonly rows: number;
}

/** A real terminal on its own tmux server, which ends with it: `await using`. */
export class TmuxTerminal implements AsyncDisposable {
  readonly #socket: string;

  private constructor(socket: string) {
    this.#socket = socket;
  }

  /** Opens a terminal of this size with a waiting shell, in a UTF-8 locale. */
  static async open({ columns, rows }: TerminalSize): Promise<TmuxTerminal> {
    const terminal = new TmuxTerminal(`renderfarm-test-${process.pid}-${randomBytes(6).toString("hex")}`);
    const { TMUX: _, NO_COLOR: __, CI: ___, ...environment } = process.env;
    const size = ["-x", String(columns), "-y", String(rows)];
    const shell = "PS1='$ ' exec sh -i";
    const start = ["new-session", "-d", ...size, shell];
    await run("tmux", ["-f", "/dev/null", "-u", "-L", terminal.#socket, ...start], {
      env: { ...environment, LC_ALL: "C.UTF-8", ENV: "" },
    });
    // Without this the window would take the size of an attached client, and there is none.
    await terminal.#tmux("set-option", "-g", "window-size", "manual");
    await terminal.until("the shell waits", (screen) => screen.startsWith("$"));
    return terminal;
  }

  /** Copies everything that programs write to the terminal to a file too, byte by byte. */
  async record(file: string): Promise<void> {
    await this.#tmux("pipe-pane", `cat > '${file}'`);
  }

  /** Types a text and Enter. */
  async typeLine(text: string): Promise<void> {
    await this.typeText(text);
    await this.press("Enter");
  }

  async typeText(text: string): Promise<void> {
    await this.#tmux("send-keys", "-l", "--", text);
  }

  /** Presses a key by its tmux name: "C-c", "Enter". */
  async press(key: string): Promise<void> {
    await this.#tmux("send-keys", key);
  }

  async resize({ columns, rows }: TerminalSize): Promise<void> {
    await this.#tmux("resize-window", "-x", String(columns), "-y", String(rows));
  }

  /** What is on the screen, without blank lines at the end; with `history` also what has scrolled away. */
  async screen(history = false): Promise<string> {
    const text = await this.#tmux("capture-pane", "-p", ...(history ? ["-S", "-"] : []));
    return text.trimEnd();
  }

  async isCursorShown(): Promise<boolean> {
    return (await this.#tmux("display-message", "-p", "#{cursor_flag}")).trim() === "1";
  }

  /**
   * Waits until the screen looks as expected.
   *
   * @returns The screen
   * @throws If it does not within 15 s; the message shows the screen
   */
  async until(what: string, isWanted: (screen: string) => boolean): Promise<string> {
    let screen = "";
    const isSeen = async () => {
      screen = await this.screen();
      return isWanted(screen);
    };
    if (await isSoon(isSeen, 15_000)) return screen;
    throw new Error(`Not seen in time: ${what}. The screen:\n${screen}`);
  }

  async #tmux(...args: readonly string[]): Promise<string> {
    const { stdout } = await run("tmux", ["-u", "-L", this.#socket, ...args]);
    return stdout;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#tmux("kill-server").catch(() => {}); // it may have ended with its shell
  }
}
