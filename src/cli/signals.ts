import { constants } from "node:os";

/** What a person at the keyboard, or a service manager, wants of the running job. */
export interface Interrupts extends Disposable {
  /** Aborted by the first Ctrl-C: finish what runs, begin nothing. */
  readonly drain: AbortSignal;
  /** Aborted by the second Ctrl-C, by SIGTERM and by SIGHUP: stop now, so that the job can go on later. */
  readonly stop: AbortSignal;
  /** 130 after Ctrl-C, 143 after another signal; `undefined` while there was none. */
  readonly exitCode: 130 | 143 | undefined;
}

/** Listens for signals until it is disposed of; then they mean what they meant before. */
export function listenForInterrupts(): Interrupts {
  const drain = new AbortController();
  const stop = new AbortController();
  let exitCode: 130 | 143 | undefined;
  const onInterrupt = () => {
    exitCode ??= 130;
    if (drain.signal.aborted) stop.abort();
    else drain.abort();
  };
  const onTerminate = () => {
    exitCode ??= 143;
    stop.abort();
  };
  const handlers = { SIGINT: onInterrupt, SIGTERM: onTerminate, SIGHUP: onTerminate };
  const signals = Object.entries(handlers).filter(([name]) => name in constants.signals);
  for (const [name, handler] of signals) process.on(name, handler);
  return {
    drain: drain.signal,
    stop: stop.signal,
    get exitCode() {
      return exitCode;
    },
    [Symbol.dispose]() {
      for (const [name, handler] of signals) process.off(name, handler);
    },
  };
}
