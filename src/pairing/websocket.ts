import { once } from "node:events";
import { createServer, type IncomingMessage, type Server } from "node:http";
import { type AddressInfo, isIPv6 } from "node:net";
import { type RawData, WebSocket, WebSocketServer } from "ws";
import { AsyncQueue } from "../core/async-queue.ts";
import { FarmError, messageOf } from "../core/errors.ts";
import type { NodeAddress } from "../core/node.ts";
import { defaultNodePort } from "../core/node-list.ts";
import { endsWithin } from "../core/time-limit.ts";
import type { PairingLink } from "./link.ts";
import { largestMessageBytes, type PairingMessage } from "./messages.ts";
import { pairingTiming } from "./timing.ts";

/** Connections at once; more are closed at once. One exchange needs one. */
const mostConnections = 8;
/** Messages that wait to be read; a side that sends more breaks the rules. */
const mostUnread = 4;
const closingTimeoutMs = 2_000;

/**
 * Connects to a machine that waits to be invited.
 *
 * @throws {FarmError} `FARM_NODE_UNREACHABLE`; the signal's reason
 */
export async function dialJoiner(address: NodeAddress, signal: AbortSignal): Promise<PairingLink> {
  const host = isIPv6(address.host) ? `[${address.host}]` : address.host;
  const socket = new WebSocket(`ws://${host}:${address.port}/`, {
    ...{ perMessageDeflate: false, maxPayload: largestMessageBytes, followRedirects: false },
    handshakeTimeout: pairingTiming.answerMs,
  });
  const link = new WebSocketPairingLink(socket, address.host); // it listens before the first message can come
  try {
    await once(socket, "open", { signal });
    return link;
  } catch (error) {
    socket.terminate();
    signal.throwIfAborted();
    throw new FarmError(
      "FARM_NODE_UNREACHABLE",
      `Cannot reach the machine at ${host}:${address.port}: ${messageOf(error)}`,
      "Check that it still asks to join, and that no firewall blocks it",
      { cause: error },
    );
  }
}

/**
 * Where a joining machine waits to be invited, on all its addresses: on the port of nodes, which its firewall has to let
 * through anyway, or on a free one. `await using`.
 */
export class PairingServer implements AsyncDisposable {
  /** The links as they are opened. */
  readonly links = new AsyncQueue<PairingLink>();
  readonly #http: Server;
  readonly #server: WebSocketServer;

  private constructor() {
    const limits = { headersTimeout: 5_000, requestTimeout: 5_000, connectionsCheckingInterval: 1_000 };
    this.#http = createServer(limits, (_request, response) => response.writeHead(426).end());
    this.#http.maxConnections = mostConnections;
    this.#server = new WebSocketServer({
      ...{ server: this.#http, perMessageDeflate: false, maxPayload: largestMessageBytes, clientTracking: true },
      verifyClient: ({ req }: { req: IncomingMessage }) => req.headers.origin === undefined, // not from a web page
    });
    this.#server.on("error", () => {}); // it repeats the error of the HTTP server, which `open` handles
    this.#server.on("connection", (socket, request) => {
      this.links.push(new WebSocketPairingLink(socket, plainAddress(request.socket.remoteAddress ?? "")));
    });
  }

  static async open(): Promise<PairingServer> {
    const server = new PairingServer();
    try {
      await once(server.#http.listen(defaultNodePort), "listening");
    } catch {
      await once(server.#http.listen(0), "listening");
    }
    return server;
  }

  get port(): number {
    return (this.#http.address() as AddressInfo).port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.links.end();
    for (const socket of this.#server.clients) socket.terminate();
    this.#server.close();
    this.#http.close();
    this.#http.closeAllConnections();
  }
}

class WebSocketPairingLink implements PairingLink {
  readonly peer: string;
  readonly #socket: WebSocket;
  readonly #over = new AbortController();
  readonly #unread: string[] = [];
  #wake: () => void = () => {};

  constructor(socket: WebSocket, peer: string) {
    this.peer = peer;
    this.#socket = socket;
    socket.on("error", () => {}); // "close" follows; without a listener it would end the process
    socket.on("close", () => {
      this.#over.abort();
      this.#wake();
    });
    socket.on("message", (data: RawData, isBinary: boolean) => {
      if (isBinary || this.#unread.length >= mostUnread) {
        socket.terminate();
        return;
      }
      this.#unread.push(String(data));
      this.#wake();
    });
  }

  get over(): AbortSignal {
    return this.#over.signal;
  }

  send(message: PairingMessage): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#socket.send(JSON.stringify(message), (error) => (error ? reject(lost()) : resolve()));
    });
  }

  async receive(withinMs: number, signal: AbortSignal): Promise<string> {
    const timeUp = AbortSignal.timeout(withinMs);
    const ended = AbortSignal.any([signal, timeUp]);
    ended.addEventListener("abort", () => this.#wake(), { once: true });
    for (;;) {
      const text = this.#unread.shift();
      if (text !== undefined) return text;
      signal.throwIfAborted();
      if (this.#over.signal.aborted || timeUp.aborted) throw lost();
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  async close(): Promise<void> {
    if (this.#socket.readyState === WebSocket.CLOSED) return;
    const closed = new Promise((resolve) => this.#socket.once("close", resolve));
    this.#socket.close(1000);
    if (!(await endsWithin(closed, closingTimeoutMs))) this.#socket.terminate();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/** An IPv4 address as people know it, also on a socket for both. */
function plainAddress(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/, "");
}

function lost(): FarmError {
  return new FarmError(
    "FARM_LINK_LOST",
    "Cannot finish joining: the connection to the other machine is lost, or it did not answer in time",
    "Try again, with the new code",
  );
}
