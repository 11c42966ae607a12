import { AsyncQueue } from "../../../src/core/async-queue.ts";
import { FarmError } from "../../../src/core/errors.ts";
import type { Link } from "../../../src/session/link.ts";

export type Message = string | Buffer;

/** What a man in the middle turns a message into: nothing, itself, or others. */
export type Tamper = (message: Message) => readonly Message[];

/** Two links joined in memory: what one end sends, the other end receives, whole and in order. */
export interface LinkPair {
  readonly coordinator: PairedLink;
  readonly node: PairedLink;
}

export function makeLinkPair(): LinkPair {
  const coordinator = new PairedLink();
  const node = new PairedLink();
  coordinator.peer = node;
  node.peer = coordinator;
  return { coordinator, node };
}

export class PairedLink implements Link {
  readonly tlsFingerprint = Buffer.alloc(0);
  /** Everything this end has sent, before any tampering. */
  readonly sent: Message[] = [];
  /** Resolves when the link is over. */
  readonly over: Promise<void>;
  peer: PairedLink | undefined;
  /** Sits between this end and the other one. */
  tamper: Tamper = (message) => [message];
  /** The code that closed this end, from either side. */
  closeCode: number | undefined;
  endedBy: string | undefined;
  readonly #inbox = new AsyncQueue<Message>();
  #heardAtMs = performance.now();
  #onOver: () => void = () => {};

  constructor() {
    this.over = new Promise((resolve) => {
      this.#onOver = resolve;
    });
  }

  get heardAtMs(): number {
    return this.#heardAtMs;
  }

  get messages(): AsyncIterable<Message> {
    return this.#inbox;
  }

  get isOver(): boolean {
    return this.closeCode !== undefined;
  }

  async send(message: Message): Promise<void> {
    if (this.isOver) throw new FarmError("FARM_LINK_LOST", "Cannot send: the link is over", "Nothing");
    this.sent.push(message);
    for (const passed of this.tamper(message)) this.peer?.hear(passed);
  }

  /** Makes this end receive a message that its peer never sent. */
  hear(message: Message): void {
    this.#heardAtMs = performance.now();
    this.#inbox.push(message);
  }

  async close(code: number, reason: string): Promise<void> {
    this.#end(code, undefined);
    if (this.peer) this.peer.#end(code, code === 1000 || code === 1001 ? undefined : reason);
  }

  /** Pulls the cable: both ends notice, without a closing message. */
  cut(): void {
    this.#end(1006, "the connection broke");
    if (this.peer) this.peer.#end(1006, "the connection broke");
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close(1000, "");
  }

  #end(code: number, reason: string | undefined): void {
    if (this.isOver) return;
    this.closeCode = code;
    this.endedBy = reason;
    this.#inbox.end();
    this.#onOver();
  }
}
