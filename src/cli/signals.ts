/** What a person at the keyboard, or a service manager, wants of the running job. */
export interface Interrupts extends Disposable {
  /** Aborted by the first Ctrl-C: finish what runs, begin nothing. */
  readonly drain: AbortSignal;
  /** Aborted by the second Ctrl-C, by SIGTERM, SIGHUP and SIGBREAK: stop now, so that the job can go on later. */
  readonly stop: AbortSignal;
  /** 130 after Ctrl-C, 143 after another signal; `undefined` while there was none. */
  readonly exitCode: 130 | 143 | undefined;
}

export interface InterruptOptions {
  /** How long an ordered end may take, in milliseconds (default 10 s). */
  readonly stopWithinMs?: number;
  /** Ends this process without more ado (default `process.exit`). */
  readonly exit?: (exitCode: 130 | 143) => void;
}

let isInterrupted = false;

/** Whether a signal that this program listened for has come. */
export function wasInterrupted(): boolean {
  return isInterrupted;
}

/**
 * Listens for signals until it is disposed of; then they mean what they meant before.
 *
 * The last resort, should the end hang: one more Ctrl-C, or the time that an end may take, ends this process at once.
 * Children end with it, as their stdin closes.
 */
export function listenForInterrupts(options: InterruptOptions = {}): Interrupts {
  const { stopWithinMs = 10_000, exit = (code) => process.exit(code) } = options;
  const drain = new AbortController();
  const stop = new AbortController();
  let exitCode: 130 | 143 | undefined;
  let lastResort: NodeJS.Timeout | undefined;
  const stopNow = (code: 130 | 143) => {
    lastResort ??= setTimeout(() => exit(code), stopWithinMs).unref();
    stop.abort();
  };
  const onInterrupt = () => {
    isInterrupted = true;
    exitCode ??= 130;
    if (stop.signal.aborted) exit(exitCode);
    else if (drain.signal.aborted) stopNow(exitCode);
    else drain.abort();
  };
  const onTerminate = () => {
    isInterrupted = true;
    exitCode ??= 143;
    stopNow(exitCode);
  };
  // SIGHUP is also Windows' word for a console window that is closed, and SIGBREAK for Ctrl-Break there.
  const handlers = { SIGINT: onInterrupt, SIGTERM: onTerminate, SIGHUP: onTerminate, SIGBREAK: onTerminate };
  const signals = Object.entries(handlers);
  for (const [name, handler] of signals) process.on(name, handler);
  return {
    drain: drain.signal,
    stop: stop.signal,
    get exitCode() {
      return exitCode;
    },
    [Symbol.dispose]() {
      clearTimeout(lastResort);
      for (const [name, handler] of signals) process.off(name, handler);
    },
  };
}
