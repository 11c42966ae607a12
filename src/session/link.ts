import type { NodeAddress } from "../core/node.ts";

/** The transport of a session: complete messages in both directions, in order, until it ends. */
export interface Link extends AsyncDisposable {
  /** SHA-256 of the peer's certificate; empty for a link without TLS. */
  readonly tlsFingerprint: Buffer;
  /** When the last bytes arrived, on the scale of `Clock.monotonicMs`. */
  readonly heardAtMs: number;
  /**
   * The received messages, for one reader. The link reads a little ahead and then stops the sender, so a slow reader
   * costs no memory. It ends when either side closes the link; the reason is in `endedBy`.
   */
  readonly messages: AsyncIterable<string | Buffer>;
  /** Why `messages` ended; `undefined` before that, and for an orderly close. */
  readonly endedBy: string | undefined;
  /** Resolves when the message has left this process. @throws {FarmError} `FARM_LINK_LOST` */
  send(message: string | Buffer): Promise<void>;
  /** Closes the link; messages that were sent before are delivered if the peer still reads. Idempotent. */
  close(code: number, reason: string): Promise<void>;
}

/** The certificate that a node must show before anything is sent to it over TLS. */
export interface TlsDemand {
  /** Authorities, in PEM form; one of them must have signed the certificate. */
  readonly authorities?: string;
  /** SHA-256 of its earlier certificate, 64 hexadecimal digits. With neither, only the handshake proves the node. */
  readonly fingerprint?: string;
}

/**
 * Opens a link: with TLS if it is demanded, otherwise without.
 *
 * @throws {FarmError} `FARM_NODE_UNREACHABLE`, `FARM_NODE_EXCLUDED`, or `FARM_CERTIFICATE_REFUSED`
 */
export type Dial = (address: NodeAddress, signal: AbortSignal, tls?: TlsDemand) => Promise<Link>;
