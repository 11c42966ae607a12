import { once } from "node:events";
import type { Socket } from "node:net";
import { type RawData, WebSocket } from "ws";
import { FarmError, messageOf, systemCodeOf } from "../core/errors.ts";
import type { NodeAddress } from "../core/node.ts";
import type { Dial, Link } from "./link.ts";
import { lostLink } from "./session-errors.ts";
import { openTls, type SecuredSocket } from "./tls-socket.ts";
import { largestPieceBytes, pieceHeaderBytes } from "./transfer/piece.ts";

const openingTimeoutMs = 5_000;
const closingTimeoutMs = 2_000;
/** How many messages are read ahead before the socket is paused: enough to keep a disk busy, at most 8 MiB. */
const mostUnreadMessages = 8;

/** Connects to a node by WebSocket. */
export const dialWebSocket: Dial = async (address, signal, tls) => {
  let secured: SecuredSocket | undefined;
  if (tls) {
    // First TLS and the check of the certificate, then the first bytes to the node.
    const limit = AbortSignal.any([signal, AbortSignal.timeout(openingTimeoutMs)]);
    secured = await openTls(address, tls, limit).catch((error: unknown) => {
      if (signal.aborted) throw signal.reason;
      throw error instanceof FarmError ? error : unreachableByTls(address, error);
    });
  }
  const host = address.host.includes(":") ? `[${address.host}]` : address.host;
  const socket = new WebSocket(`ws://${host}:${address.port}/`, {
    perMessageDeflate: false, // it costs a core and does not make PNG smaller
    maxPayload: largestPieceBytes + pieceHeaderBytes + 1024,
    handshakeTimeout: openingTimeoutMs,
    followRedirects: false,
    // Masks are for web pages (RFC 6455, 10.3). A node in pure Python takes most of the time of an upload to undo one.
    generateMask: (mask: Buffer) => mask.fill(0),
    ...(secured && { createConnection: () => secured.socket }),
  });
  socket.on("error", () => {}); // without a listener an error would end the process; the waits below report it
  let connection: Socket | undefined;
  socket.on("upgrade", (response) => {
    connection = response.socket;
  });
  const opening = new AbortController();
  const waiting = { signal: AbortSignal.any([signal, opening.signal]) };
  try {
    const refused = once(socket, "unexpected-response", waiting).then(([, response]) => {
      throw new FarmError(
        "FARM_NODE_UNREACHABLE",
        `Cannot talk to ${address.host}:${address.port}: it answered HTTP ${response.statusCode}`,
        "Check that a render node runs there, and that not too many others are connected to it",
      );
    });
    refused.catch(() => {}); // it may reject after the socket is open, when nobody waits for it
    await Promise.race([once(socket, "open", waiting), refused]);
  } catch (error) {
    socket.terminate();
    if (signal.aborted) throw signal.reason;
    throw error instanceof FarmError ? error : unreachable(address, error);
  } finally {
    opening.abort();
  }
  if (!connection) throw new Error("A WebSocket was opened on no connection");
  return new WebSocketLink(socket, connection, secured?.fingerprint ?? Buffer.alloc(0));
};

class WebSocketLink implements Link {
  readonly tlsFingerprint: Buffer;
  readonly #socket: WebSocket;
  readonly #unread: (string | Buffer)[] = [];
  #wakeReader: (() => void) | undefined;
  #heardAtMs = performance.now();
  #isClosing = false;
  #isOver = false;
  #endedBy: string | undefined;

  constructor(socket: WebSocket, connection: Socket, tlsFingerprint: Buffer) {
    this.tlsFingerprint = tlsFingerprint;
    this.#socket = socket;
    // Count bytes, not messages: on a slow network a large message, and the heartbeat after it, may take longer than a
    // peer may be silent.
    connection.on("data", () => {
      this.#heardAtMs = performance.now();
    });
    socket.on("message", (data: RawData, isBinary: boolean) => this.#take(data, isBinary));
    socket.on("error", (error) => {
      this.#endedBy ??= brokenBy(error);
    });
    socket.on("close", (code, reason) => {
      if (code !== 1000 && code !== 1001) this.#endedBy ??= reason.toString() || closedBy(code);
      this.#isOver = true;
      this.#wakeReader?.();
    });
  }

  get heardAtMs(): number {
    // While this side keeps the peer from sending, its silence means nothing.
    return this.#socket.isPaused ? performance.now() : this.#heardAtMs;
  }

  get endedBy(): string | undefined {
    return this.#endedBy;
  }

  get messages(): AsyncIterable<string | Buffer> {
    return this.#read();
  }

  send(message: string | Buffer): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#socket.send(message, (error) =>
        error ? reject(lostLink(brokenBy(error), "send to the node")) : resolve(),
      );
    });
  }

  async close(code: number, reason: string): Promise<void> {
    if (this.#socket.readyState === WebSocket.CLOSED) return;
    // Not `once` of node:events, which would reject on an error: "close" follows an error too.
    const closed = new Promise((resolve) => this.#socket.once("close", resolve));
    this.#isClosing = true;
    this.#socket.resume(); // a paused socket would not receive the peer's answer
    this.#socket.close(code, reason);
    const timer = setTimeout(() => this.#socket.terminate(), closingTimeoutMs);
    await closed;
    clearTimeout(timer);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close(1000, "");
  }

  #take(data: RawData, isBinary: boolean): void {
    if (this.#isClosing) return; // nobody reads these messages, and the peer's answer comes after them
    const bytes = Array.isArray(data) ? Buffer.concat(data) : Buffer.isBuffer(data) ? data : Buffer.from(data);
    this.#unread.push(isBinary ? bytes : bytes.toString("utf8"));
    if (this.#unread.length >= mostUnreadMessages) this.#socket.pause();
    this.#wakeReader?.();
  }

  async *#read(): AsyncGenerator<string | Buffer> {
    for (;;) {
      const message = this.#unread.shift();
      if (message !== undefined) {
        yield message;
        continue;
      }
      if (this.#isOver) return;
      this.#heardAtMs = this.heardAtMs;
      if (this.#socket.isPaused) this.#socket.resume();
      await new Promise<void>((resolve) => {
        this.#wakeReader = resolve;
      });
      this.#wakeReader = undefined;
    }
  }
}

/** Why a link has ended, in words, when the other side gave none (RFC 6455, 7.4). */
function closedBy(code: number): string {
  return code === 1006 ? "the connection broke" : "it closed the connection";
}

/** An error of an open connection, in words. */
function brokenBy(error: Error): string {
  const code = systemCodeOf(error) ?? "";
  if (code.startsWith("WS_ERR_")) return "it sent what no node sends";
  const reasons: Record<string, string> = {
    ECONNRESET: "the connection was reset",
    EPIPE: "the connection was reset",
    ETIMEDOUT: "it does not answer",
    "": "the connection is closed",
  };
  return reasons[code] ?? `the connection broke (${code})`;
}

function unreachable(address: NodeAddress, error: unknown): FarmError {
  const reasons: Record<string, string> = {
    ECONNRESET: "it hung up at once; a node with TLS does that: name it as wss://host:port",
    ECONNREFUSED: "nothing is listening there",
    EHOSTUNREACH: "there is no route to that host",
    ENETUNREACH: "there is no route to that network",
    ENOTFOUND: "there is no such host",
    ETIMEDOUT: "it does not answer",
  };
  const reason = reasons[systemCodeOf(error) ?? ""] ?? messageOf(error);
  return new FarmError(
    "FARM_NODE_UNREACHABLE",
    `Cannot reach a node at ${address.host}:${address.port}: ${reason}`,
    "Check that the node is running and that no firewall blocks it",
    { cause: error },
  );
}

/** The error if TLS fails. There is no fallback to an unencrypted link, because an attacker could provoke that. */
function unreachableByTls(address: NodeAddress, error: unknown): FarmError {
  const code = systemCodeOf(error) ?? "";
  if (!/^(EPROTO|ECONNRESET|ERR_SSL_.*|ABORT_ERR)$/.test(code)) return unreachable(address, error);
  return new FarmError(
    "FARM_NODE_UNREACHABLE",
    `Cannot reach a node at ${address.host}:${address.port} by TLS: the program that answers there does not use it`,
    "If TLS was turned off for that node on purpose, delete its entry in known-nodes.json in the config folder",
    { cause: error },
  );
}
