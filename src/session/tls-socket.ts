import { createHash } from "node:crypto";
import { once } from "node:events";
import { isIP } from "node:net";
import { connect, type TLSSocket } from "node:tls";
import { FarmError, messageOf } from "../core/errors.ts";
import type { NodeAddress } from "../core/node.ts";
import type { TlsDemand } from "./link.ts";

/** A TLS connection on which nothing has been sent yet. */
export interface SecuredSocket {
  readonly socket: TLSSocket;
  /** SHA-256 of the peer's certificate, 32 bytes. */
  readonly fingerprint: Buffer;
}

/**
 * Opens a TLS connection and checks the certificate; nothing is sent to the node before it resolves.
 *
 * Host names are not compared, because a node's address changes. The handshake proves that the certificate belongs to
 * the node: its proofs include the fingerprint.
 *
 * @throws {FarmError} `FARM_CERTIFICATE_REFUSED`; otherwise an error of the network, or the signal's reason
 */
export async function openTls(address: NodeAddress, demand: TlsDemand, signal: AbortSignal): Promise<SecuredSocket> {
  signal.throwIfAborted();
  const { host, port } = address;
  const socket = connect({
    host,
    port,
    minVersion: "TLSv1.2",
    rejectUnauthorized: false, // decided below, with a helpful error
    checkServerIdentity: () => undefined,
    ...(demand.authorities !== undefined && { ca: demand.authorities }),
    ...(isIP(host) === 0 && { servername: host }),
  });
  socket.on("error", () => {}); // without a listener a late error would end the process
  try {
    await once(socket, "secureConnect", { signal });
    const fingerprint = fingerprintOf(socket);
    checkCertificate(socket, fingerprint.toString("hex"), demand, address);
    return { socket, fingerprint };
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

function fingerprintOf(socket: TLSSocket): Buffer {
  const certificate = socket.getPeerX509Certificate();
  if (certificate) return createHash("sha256").update(certificate.raw).digest();
  throw new FarmError(
    "FARM_CERTIFICATE_REFUSED",
    "Cannot trust the node: it shows no certificate",
    "Check which program is listening on that port",
  );
}

function checkCertificate(socket: TLSSocket, shown: string, demand: TlsDemand, { host, port }: NodeAddress): void {
  if (demand.authorities !== undefined && !socket.authorized) {
    throw new FarmError(
      "FARM_CERTIFICATE_REFUSED",
      `Cannot trust the node at ${host}:${port}: its certificate ${shown.slice(0, 16)} is not signed by an authority of --tls-ca (${messageOf(socket.authorizationError)})`,
      "Give the node a certificate of that authority, or omit --tls-ca to pin each node's own",
    );
  }
  if (demand.fingerprint !== undefined && shown !== demand.fingerprint) {
    throw certificateChanged(`at ${host}:${port}`, demand.fingerprint, shown);
  }
}

/** The error for a node that shows another certificate than before: a new one, or somebody else's. */
export function certificateChanged(node: string, before: string, now: string): FarmError {
  return new FarmError(
    "FARM_CERTIFICATE_REFUSED",
    `Cannot trust the node ${node}: its certificate was ${before.slice(0, 16)} and is ${now.slice(0, 16)} now`,
    "If the node itself now says 'TLS' and the new digits when it starts, delete its entry in known-nodes.json in the config folder; otherwise somebody may be intercepting the connection",
  );
}
