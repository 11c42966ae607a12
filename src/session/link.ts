import type { NodeAddress } from "../core/node.ts";

/** The transport under a session: whole messages in both directions, in order, until it ends. */
export interface Link extends AsyncDisposable {
  /** SHA-256 of the peer's certificate; empty on a link in clear. */
  readonly tlsFingerprint: Buffer;
  /** When the last bytes arrived, on `Clock.monotonicMs`'s scale. */
  readonly heardAtMs: number;
  /**
   * What arrives, to be read by one reader. The link reads ahead a little and then stops the sender, so a slow reader
   * costs no memory. Ends when the link is closed by either side; the reason is in `endedBy`.
   */
  readonly messages: AsyncIterable<string | Buffer>;
  /** Why `messages` ended, once it has; `undefined` for an orderly close. */
  readonly endedBy: string | undefined;
  /** Resolves when the message has left this process. @throws {FarmError} `FARM_LINK_LOST` */
  send(message: string | Buffer): Promise<void>;
  /** Ends the link; what was sent before is delivered when the peer still reads. Idempotent. */
  close(code: number, reason: string): Promise<void>;
}

/** What a node must show before anything is said to it over TLS. */
export interface TlsDemand {
  /** Authorities, in PEM form, of which one must have signed its certificate. */
  readonly authorities?: string;
  /** SHA-256 of the certificate it had before, 64 hexadecimal digits. With neither, the handshake alone must prove it. */
  readonly fingerprint?: string;
}

/**
 * Opens a link; in clear when no TLS is demanded, and never so when it is.
 *
 * @throws {FarmError} `FARM_NODE_UNREACHABLE`, `FARM_NODE_EXCLUDED`, or `FARM_CERTIFICATE_REFUSED`
 */
export type Dial = (address: NodeAddress, signal: AbortSignal, tls?: TlsDemand) => Promise<Link>;
