/** The part of `process.stdout` that the live view needs. */
export interface Terminal {
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
  /** Whether earlier output is still unread. */
  readonly isBehind?: boolean;
  write(text: string): unknown;
  on(event: "resize", listener: () => void): unknown;
  off(event: "resize", listener: () => void): unknown;
  getColorDepth?(env?: object): number;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Whether a live view can be drawn: that needs a terminal that can move its cursor, and not a CI. */
export function canDrawLive(terminal: Terminal, environment: Environment): boolean {
  return terminal.isTTY === true && !environment.CI && environment.TERM !== "dumb";
}

/** Whether colours are wanted and possible (https://no-color.org). */
export function canShowColor(terminal: Terminal, environment: Environment): boolean {
  if (environment.NO_COLOR) return false;
  const { NO_COLOR: _, ...rest } = environment;
  return (terminal.getColorDepth?.(rest) ?? 1) > 1;
}

/** Whether the terminal's font and locale have more than ASCII. Without any sign to the contrary they have. */
export function canShowUnicode(environment: Environment, platform: NodeJS.Platform): boolean {
  const { TERM, TERM_PROGRAM, WT_SESSION, ConEmuTask } = environment;
  if (platform === "win32") {
    const isModern = TERM_PROGRAM === "vscode" || TERM === "xterm-256color" || TERM === "alacritty";
    return Boolean(WT_SESSION || ConEmuTask || isModern);
  }
  if (TERM === "linux" || TERM === "dumb") return false;
  const locale = environment.LC_ALL || environment.LC_CTYPE || environment.LANG || "";
  return locale === "" || /utf-?8/i.test(locale);
}
