import { FarmError } from "../../src/core/errors.ts";
import type { PairingLink } from "../../src/pairing/link.ts";
import type { PairingMessage } from "../../src/pairing/messages.ts";

/** Two ends joined in memory: what one sends, the other receives, whole and in order. */
export function pairingLinks(): { readonly inviter: MemoryLink; readonly joiner: MemoryLink } {
  const inviter = new MemoryLink("10.0.0.1");
  const joiner = new MemoryLink("10.0.0.2");
  inviter.other = joiner;
  joiner.other = inviter;
  return { inviter, joiner };
}

export class MemoryLink implements PairingLink {
  readonly peer: string;
  /** Everything this end has sent. */
  readonly sent: PairingMessage[] = [];
  other: MemoryLink | undefined;
  readonly #over = new AbortController();
  readonly #unread: string[] = [];
  #wake: () => void = () => {};

  constructor(peer: string) {
    this.peer = peer;
  }

  get over(): AbortSignal {
    return this.#over.signal;
  }

  async send(message: PairingMessage): Promise<void> {
    if (this.over.aborted) throw new FarmError("FARM_LINK_LOST", "The link is over", "Nothing");
    this.sent.push(message);
    this.other?.hear(JSON.stringify(message));
  }

  /** Makes this end receive a text. */
  hear(text: string): void {
    this.#unread.push(text);
    this.#wake();
  }

  async receive(_withinMs: number, signal: AbortSignal): Promise<string> {
    const wake = () => this.#wake();
    signal.addEventListener("abort", wake, { once: true });
    try {
      return await this.#next(signal);
    } finally {
      signal.removeEventListener("abort", wake);
    }
  }

  async #next(signal: AbortSignal): Promise<string> {
    for (;;) {
      const text = this.#unread.shift();
      if (text !== undefined) return text;
      signal.throwIfAborted();
      if (this.over.aborted) throw new FarmError("FARM_LINK_LOST", "The link is over", "Nothing");
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** The next message, as an object whose fields a test may read and change. */
  async next(): Promise<Record<string, string>> {
    return JSON.parse(await this.receive(0, new AbortController().signal)) as Record<string, string>;
  }

  /** Sends anything. */
  say(message: unknown): void {
    this.other?.hear(JSON.stringify(message));
  }

  async close(): Promise<void> {
    for (const end of [this, this.other]) end?.end();
  }

  end(): void {
    this.#over.abort();
    this.#wake();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
