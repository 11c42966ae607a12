import { createHash } from "node:crypto";
import { once } from "node:events";
import { isIP } from "node:net";
import { connect, type TLSSocket } from "node:tls";
import { FarmError, messageOf } from "../core/errors.ts";
import type { NodeAddress } from "../core/node.ts";
import type { TlsDemand } from "./link.ts";

/** A TLS connection on which nothing was said yet. */
export interface SecuredSocket {
  readonly socket: TLSSocket;
  /** SHA-256 of the peer's certificate, 32 bytes. */
  readonly fingerprint: Buffer;
}

/**
 * Opens a TLS connection and looks at the certificate; nothing has been said to the node when it resolves.
 *
 * Host names are not compared: a node is found under changing addresses. That the certificate is this node's is proved
 * by the handshake, whose proofs hold its fingerprint.
 *
 * @throws {FarmError} `FARM_CERTIFICATE_REFUSED`; anything else is the network's, or the signal's reason
 */
export async function openTls(address: NodeAddress, demand: TlsDemand, signal: AbortSignal): Promise<SecuredSocket> {
  signal.throwIfAborted();
  const { host, port } = address;
  const socket = connect({
    host,
    port,
    minVersion: "TLSv1.2",
    rejectUnauthorized: false, // decided below, with a reason that people can act on
    checkServerIdentity: () => undefined,
    ...(demand.authorities !== undefined && { ca: demand.authorities }),
    ...(isIP(host) === 0 && { servername: host }),
  });
  socket.on("error", () => {}); // without a listener a late one would end the process
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
    "Look which program listens on that port",
  );
}

function checkCertificate(socket: TLSSocket, shown: string, demand: TlsDemand, { host, port }: NodeAddress): void {
  if (demand.authorities !== undefined && !socket.authorized) {
    throw new FarmError(
      "FARM_CERTIFICATE_REFUSED",
      `Cannot trust the node at ${host}:${port}: its certificate ${shown.slice(0, 16)} is not signed by an authority of --tls-ca (${messageOf(socket.authorizationError)})`,
      "Give the node a certificate of that authority, or leave --tls-ca out to pin each node's own",
    );
  }
  if (demand.fingerprint !== undefined && shown !== demand.fingerprint) {
    throw certificateChanged(`at ${host}:${port}`, demand.fingerprint, shown);
  }
}

/** A node shows another certificate than before: a new one, or another's. */
export function certificateChanged(node: string, before: string, now: string): FarmError {
  return new FarmError(
    "FARM_CERTIFICATE_REFUSED",
    `Cannot trust the node ${node}: its certificate was ${before.slice(0, 16)} and is ${now.slice(0, 16)} now`,
    "If the node itself now says 'TLS' and the new digits when it starts, delete its entry in known-nodes.json in the config folder; else somebody stands between",
  );
}
