import type { FromNode } from "./protocol.ts";

/** Says whether a message is the awaited one; a type guard, so that whoever waits gets exactly that type. */
type Match<T extends FromNode> = (message: FromNode) => message is T;

interface Expectation {
  readonly isMet: (message: FromNode) => boolean;
  readonly resolve: (message: FromNode) => void;
  readonly reject: (reason: unknown) => void;
}

/** Brings the node's answers to those who wait for them; what nobody waits for is an event of its own. */
export class Replies {
  readonly #expectations = new Set<Expectation>();
  #ended: { readonly reason: unknown } | undefined;

  /**
   * @throws The signal's reason when it is aborted first, or the reason given to `end`
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
          resolve(message as T); // `isMet` was asked
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

  /** @returns Whether somebody waited for this message and has it now */
  offer(message: FromNode): boolean {
    for (const expectation of this.#expectations) {
      if (!expectation.isMet(message)) continue;
      expectation.resolve(message);
      return true;
    }
    return false;
  }

  /** Nothing comes any more: rejects all who wait, now and later. */
  end(reason: unknown): void {
    this.#ended ??= { reason };
    for (const expectation of [...this.#expectations]) expectation.reject(reason);
  }
}
