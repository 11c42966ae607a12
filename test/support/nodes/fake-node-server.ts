import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { type RawData, type WebSocket, WebSocketServer } from "ws";
import { AsyncQueue } from "../../../src/core/async-queue.ts";
import type { NodeAddress } from "../../../src/core/node.ts";
import type { Link } from "../../../src/session/link.ts";
import type { FakeNode } from "./fake-node.ts";

/** A fake node that listens on loopback: `await using`. */
export interface FakeNodeServer extends AsyncDisposable {
  readonly address: NodeAddress;
  /** What went wrong on the node's side; a test that expects nothing checks it. */
  readonly problems: unknown[];
  /** Cuts every connection. */
  cut(): void;
}

/** A certificate of test/fixtures/tls with its key, in PEM form. */
export interface TestCertificate {
  readonly cert: string;
  readonly key: string;
}

/** Serves a fake node over a real WebSocket, with TLS if it has a certificate; on a free port unless one is given. */
export async function serveFakeNode(node: FakeNode, tls?: TestCertificate, wantedPort = 0): Promise<FakeNodeServer> {
  const secured = tls && createServer(tls).listen(wantedPort, "127.0.0.1");
  if (secured) await once(secured, "listening");
  const where = secured ? { server: secured } : { host: "127.0.0.1", port: wantedPort };
  const server = new WebSocketServer({ ...where, perMessageDeflate: false });
  const digits = tls ? new X509Certificate(tls.cert).fingerprint256.replaceAll(":", "") : "";
  const fingerprint = Buffer.from(digits, "hex");
  const problems: unknown[] = [];
  server.on("connection", (socket) => {
    socket.on("error", () => {});
    node.serve(serverLink(socket, fingerprint)).catch((error: unknown) => {
      problems.push(error);
      socket.terminate();
    });
  });
  if (!secured) await once(server, "listening");
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
      if (secured) await new Promise((resolve) => secured.close(resolve));
    },
  };
}

function serverLink(socket: WebSocket, tlsFingerprint: Buffer): Link {
  const inbox = new AsyncQueue<string | Buffer>();
  socket.on("message", (data: RawData, isBinary) => inbox.push(isBinary ? (data as Buffer) : String(data)));
  socket.on("close", () => inbox.end());
  const close = async (code: number, reason: string) => socket.close(code, reason);
  return {
    tlsFingerprint,
    heardAtMs: 0,
    endedBy: undefined,
    messages: inbox,
    send: (message) =>
      new Promise((resolve, reject) => socket.send(message, (error) => (error ? reject(error) : resolve()))),
    close,
    [Symbol.asyncDispose]: () => close(1000, ""),
  };
}
