import type { FromNode } from "./protocol.ts";

/** Whether a message is the awaited one. It is a type guard, so that the caller gets exactly that type. */
type Match<T extends FromNode> = (message: FromNode) => message is T;

interface Expectation {
  readonly isMet: (message: FromNode) => boolean;
  readonly resolve: (message: FromNode) => void;
  readonly reject: (reason: unknown) => void;
}

/** Passes the node's answers to the callers that wait for them. */
export class Replies {
  readonly #expectations = new Set<Expectation>();
  #ended: { readonly reason: unknown } | undefined;

  /**
   * @throws The signal's reason if it is aborted first, or the reason that `end` was given
   */
  next<T extends FromNode>(match: Match<T>, signal?: AbortSignal): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (this.#ended) {
        reject(this.#ended.reason);
        return;
      }
      if (signal?.aborted) {
        reject(signal.reason);
        return;
      }
      const forget = () => {
        this.#expectations.delete(expectation);
        signal?.removeEventListener("abort", onAbort);
      };
      const expectation: Expectation = {
        isMet: match,
        resolve: (message) => {
          forget();
          resolve(message as T); // `match` has accepted it
        },
        reject: (reason) => {
          forget();
          reject(reason);
        },
      };
      const onAbort = () => expectation.reject(signal?.reason);
      signal?.addEventListener("abort", onAbort, { once: true });
      this.#expectations.add(expectation);
    });
  }

  /** @returns Whether a caller was waiting for this message, and has received it */
  offer(message: FromNode): boolean {
    for (const expectation of this.#expectations) {
      if (!expectation.isMet(message)) continue;
      expectation.resolve(message);
      return true;
    }
    return false;
  }

  /** No more messages will arrive: rejects all callers, now and later. */
  end(reason: unknown): void {
    this.#ended ??= { reason };
    for (const expectation of [...this.#expectations]) expectation.reject(reason);
  }
}
