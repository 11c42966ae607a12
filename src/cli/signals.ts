/** How a person at the keyboard or a service manager has asked the running job to stop. */
export interface Interrupts extends Disposable {
  /** Aborted by the first Ctrl-C: running frames finish, and no other starts. */
  readonly drain: AbortSignal;
  /** Aborted by the second Ctrl-C, SIGTERM, SIGHUP and SIGBREAK: stop now, so that the job can be continued later. */
  readonly stop: AbortSignal;
  /** 130 after Ctrl-C, 143 after another signal; `undefined` while there was none. */
  readonly exitCode: 130 | 143 | undefined;
}

export interface InterruptOptions {
  /** How long an orderly stop may take, in milliseconds (default 10 s). */
  readonly stopWithinMs?: number;
  /** Ends this process immediately (default `process.exit`). */
  readonly exit?: (exitCode: 130 | 143) => void;
}

let isInterrupted = false;

/** Whether this program has received a signal that it listened for. */
export function wasInterrupted(): boolean {
  return isInterrupted;
}

/**
 * Listens for signals until it is disposed of; after that they have their usual effect.
 *
 * If the stop hangs, one more Ctrl-C or the time limit ends this process at once. Its children end too, because their
 * stdin closes.
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
  // On Windows, Node reports a closed console window as SIGHUP and Ctrl-Break as SIGBREAK.
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
