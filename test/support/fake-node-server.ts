import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { type RawData, type WebSocket, WebSocketServer } from "ws";
import { AsyncQueue } from "../../src/core/async-queue.ts";
import type { NodeAddress } from "../../src/core/node.ts";
import type { Link } from "../../src/session/link.ts";
import type { FakeNode } from "./fake-node.ts";

/** A fake node that listens on loopback: `await using`. */
export interface FakeNodeServer extends AsyncDisposable {
  readonly address: NodeAddress;
  /** What went wrong on the node's side; a test that expects none says so. */
  readonly problems: unknown[];
  /** Pulls every cable. */
  cut(): void;
}

/** Serves a fake node over a real WebSocket, on any free port. */
export async function serveFakeNode(node: FakeNode): Promise<FakeNodeServer> {
  const server = new WebSocketServer({ host: "127.0.0.1", port: 0, perMessageDeflate: false });
  const problems: unknown[] = [];
  server.on("connection", (socket) => {
    socket.on("error", () => {});
    node.serve(serverLink(socket)).catch((error: unknown) => {
      problems.push(error);
      socket.terminate();
    });
  });
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const cut = () => {
    for (const socket of server.clients) socket.terminate();
  };
  return {
    address: { host: "127.0.0.1", port },
    problems,
    cut,
    [Symbol.asyncDispose]: async () => {
      cut();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function serverLink(socket: WebSocket): Link {
  const inbox = new AsyncQueue<string | Buffer>();
  socket.on("message", (data: RawData, isBinary) => inbox.push(isBinary ? (data as Buffer) : String(data)));
  socket.on("close", () => inbox.end());
  const close = async (code: number, reason: string) => socket.close(code, reason);
  return {
    tlsFingerprint: Buffer.alloc(0),
    heardAtMs: 0,
    endedBy: undefined,
    messages: inbox,
    send: (message) =>
      new Promise((resolve, reject) => socket.send(message, (error) => (error ? reject(error) : resolve()))),
    close,
    [Symbol.asyncDispose]: () => close(1000, ""),
  };
}
