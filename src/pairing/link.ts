import type { PairingMessage } from "./messages.ts";

/** Complete text messages in both directions, in order, until either side ends it. */
export interface PairingLink extends AsyncDisposable {
  /** The other side's address. */
  readonly peer: string;
  /** Aborted when the link is over. */
  readonly over: AbortSignal;
  /** Resolves when the message has left this process. @throws {FarmError} `FARM_LINK_LOST` */
  send(message: PairingMessage): Promise<void>;
  /**
   * The next message.
   *
   * @throws {FarmError} `FARM_LINK_LOST` if the link ends before it, or nothing came within the time
   */
  receive(withinMs: number, signal: AbortSignal): Promise<string>;
  /** Idempotent. Messages that were sent before are delivered if the other side still reads. */
  close(): Promise<void>;
}
