import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { createServer, type Server, type Socket } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { type WebSocket, WebSocketServer } from "ws";
import type { NodeAddress } from "../../src/core/node.ts";
import type { Link } from "../../src/session/link.ts";
import { largestPieceBytes, pieceHeaderBytes } from "../../src/session/transfer/piece.ts";
import { dialWebSocket } from "../../src/session/websocket-link.ts";

const { signal } = new AbortController();
const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

async function listen(options: Partial<ConstructorParameters<typeof WebSocketServer>[0]> = {}) {
  const server = new WebSocketServer({ host: "127.0.0.1", port: 0, ...options });
  await once(server, "listening");
  closers.push(() => {
    for (const client of server.clients) client.terminate();
    return new Promise((resolve) => server.close(resolve));
  });
  return { server, address: addressOf(server.address() as AddressInfo) };
}

/** A link and the node's end of it. */
async function connect(): Promise<{ link: Link; peer: WebSocket }> {
  const { server, address } = await listen();
  const connected = once(server, "connection");
  const link = await dialWebSocket(address, signal);
  closers.push(async () => link[Symbol.asyncDispose]());
  const [peer] = (await connected) as [WebSocket];
  peer.on("error", () => {});
  return { link, peer };
}

/** A raw TCP server that handles a connection as the test says. */
async function listenRaw(onConnection: (socket: Socket) => void): Promise<NodeAddress> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    onConnection(socket);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  closers.push(() => {
    for (const socket of sockets) socket.destroy();
    return new Promise((resolve) => server.close(resolve));
  });
  return addressOf(server.address() as AddressInfo);
}

const addressOf = ({ port }: AddressInfo): NodeAddress => ({ host: "127.0.0.1", port });

async function readAll(link: Link): Promise<(string | Buffer)[]> {
  const messages: (string | Buffer)[] = [];
  for await (const message of link.messages) messages.push(message);
  return messages;
}

describe("dialWebSocket() says why a node cannot be reached:", () => {
  test("nothing is listening there", async () => {
    const { server, address } = await listen();
    await new Promise((resolve) => server.close(resolve));
    await expect(dialWebSocket(address, signal)).rejects.toMatchObject({
      code: "FARM_NODE_UNREACHABLE",
      message: `Cannot reach a node at 127.0.0.1:${address.port}: nothing is listening there`,
    });
  });

  test.each([
    ["503", "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n"],
    ["403", "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"],
    ["301", "HTTP/1.1 301 Moved\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"],
    ["200", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"],
  ])("it answers HTTP %s", async (status, answer) => {
    const address = await listenRaw((socket) => socket.once("data", () => socket.write(answer)));
    await expect(dialWebSocket(address, signal)).rejects.toMatchObject({
      code: "FARM_NODE_UNREACHABLE",
      message: expect.stringContaining(`it answered HTTP ${status}`),
    });
  });

  test("the program that listens there speaks another protocol", async () => {
    const address = await listenRaw((socket) => socket.write("SSH-2.0-OpenSSH_9.2\r\n"));
    await expect(dialWebSocket(address, signal)).rejects.toMatchObject({ code: "FARM_NODE_UNREACHABLE" });
  });

  test("it hangs up at once", async () => {
    const address = await listenRaw((socket) => socket.destroy());
    await expect(dialWebSocket(address, signal)).rejects.toMatchObject({ code: "FARM_NODE_UNREACHABLE" });
  });
});

test("dialWebSocket() rejects with the signal's reason, before and while it dials", async () => {
  const silent = await listenRaw(() => {});
  await expect(dialWebSocket(silent, AbortSignal.abort(new Error("enough")))).rejects.toThrow("enough");
  const stop = new AbortController();
  const dialling = dialWebSocket(silent, stop.signal);
  stop.abort(new Error("enough"));
  await expect(dialling).rejects.toThrow("enough");
});

test("dialWebSocket() sends no Origin: nodes refuse web pages", async () => {
  const { server, address } = await listen();
  const connected = once(server, "connection");
  await using _ = await dialWebSocket(address, signal);
  const [, request] = await connected;
  expect(request.headers.origin).toBeUndefined();
  expect(request.headers["sec-websocket-extensions"]).toBeUndefined(); // no compression either
});

test("texts and bytes arrive whole and in order, in both directions", async () => {
  const { link, peer } = await connect();
  const heard: unknown[] = [];
  peer.on("message", (data, isBinary) => heard.push(isBinary ? data : String(data)));
  await link.send("one ë");
  await link.send(Buffer.from([1, 2, 3]));
  peer.send("two ë");
  peer.send(Buffer.from([4, 5]));
  peer.close(1000);
  expect(await readAll(link)).toEqual(["two ë", Buffer.from([4, 5])]);
  expect(heard).toEqual(["one ë", Buffer.from([1, 2, 3])]);
  expect(link.endedBy).toBeUndefined();
});

describe("endedBy says why the messages ended:", () => {
  test("nothing after an orderly close", async () => {
    for (const code of [1000, 1001]) {
      const { link, peer } = await connect();
      peer.close(code, "done");
      expect(await readAll(link)).toEqual([]);
      expect(link.endedBy).toBeUndefined();
    }
  });

  test("the peer's reason, or that it closed the connection", async () => {
    for (const [code, words, expected] of [
      [1008, "wrong seal", "wrong seal"],
      [1012, "", "it closed the connection"],
    ] as const) {
      const { link, peer } = await connect();
      peer.close(code, words);
      await readAll(link);
      expect(link.endedBy).toBe(expected);
    }
  });

  test("a pulled cable", async () => {
    const { link, peer } = await connect();
    peer.terminate();
    await readAll(link);
    expect(link.endedBy).toBe("the connection broke");
  });

  test("a message over the limit, none of which is passed on", async () => {
    const { link, peer } = await connect();
    peer.send(Buffer.alloc(largestPieceBytes + pieceHeaderBytes + 64 * 1024));
    expect(await readAll(link)).toEqual([]);
    expect(link.endedBy).toBe("it sent what no node sends");
  });

  test("text that is not UTF-8", async () => {
    const { link, peer } = await connect();
    peer.send(Buffer.from([0xc3, 0x28]), { binary: false });
    expect(await readAll(link)).toEqual([]);
    expect(link.endedBy).toBe("it sent what no node sends");
  });
});

test("a message of exactly the limit arrives", async () => {
  const { link, peer } = await connect();
  peer.send(Buffer.alloc(largestPieceBytes + pieceHeaderBytes, 7));
  peer.close(1000);
  const [message] = await readAll(link);
  expect(message?.length).toBe(largestPieceBytes + pieceHeaderBytes);
});

test("a reader that does not read stops the sender: memory stays bounded", async () => {
  const { link, peer } = await connect();
  const total = 64;
  let delivered = 0;
  for (let index = 0; index < total; index += 1) {
    peer.send(Buffer.alloc(largestPieceBytes, index), () => {
      delivered += 1;
    });
  }
  const messages = link.messages[Symbol.asyncIterator]();
  await messages.next();
  // Everything that can be sent has been sent when the sender's buffer stops shrinking.
  let before = -1;
  while (before !== peer.bufferedAmount) {
    before = peer.bufferedAmount;
    for (let turn = 0; turn < 200; turn += 1) await new Promise(setImmediate);
  }
  expect(peer.bufferedAmount).toBeGreaterThan((total / 2) * largestPieceBytes);
  const silentSince = link.heardAtMs;
  await new Promise(setImmediate);
  expect(link.heardAtMs).toBeGreaterThan(silentSince); // the peer is not silent: we keep it from sending
  for (let index = 1; index < total; index += 1) expect((await messages.next()).value?.[0]).toBe(index);
  await expect.poll(() => delivered).toBe(total); // the last ones may be passed on a moment after they arrived
});

test("what arrived before the end is read, even though the peer has gone", async () => {
  const { link, peer } = await connect();
  for (let index = 0; index < 5; index += 1) peer.send(String(index));
  peer.close(1000);
  await once(peer, "close");
  expect(await readAll(link)).toEqual(["0", "1", "2", "3", "4"]);
});

test("send() on a link that has ended says that it is lost", async () => {
  const { link, peer } = await connect();
  peer.terminate();
  await readAll(link);
  await expect(link.send("more")).rejects.toMatchObject({ code: "FARM_LINK_LOST" });
});

test("close() ends the messages, sends the peer its code, and is idempotent", async () => {
  const { link, peer } = await connect();
  const closed = once(peer, "close");
  const reading = readAll(link);
  await Promise.all([link.close(1008, "bad seal"), link.close(1000, "")]);
  await link[Symbol.asyncDispose]();
  const [code, reason] = await closed;
  expect([code, String(reason)]).toEqual([1008, "bad seal"]);
  expect(await reading).toEqual([]);
});

test("close() ends a link whose reader had stopped reading", async () => {
  const { link, peer } = await connect();
  for (let index = 0; index < 32; index += 1) peer.send(Buffer.alloc(largestPieceBytes));
  await link.messages[Symbol.asyncIterator]().next();
  await link.close(1000, "");
  expect(link.endedBy).toBeUndefined();
});

test("close() does not fail when the peer answers with rubbish", async () => {
  const accept = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  const { createHash } = await import("node:crypto");
  const address = await listenRaw((socket) => {
    socket.once("data", (request) => {
      const key = /Sec-WebSocket-Key: (.*)\r\n/i.exec(String(request))?.[1] ?? "";
      const answer = createHash("sha1")
        .update(key + accept)
        .digest("base64");
      const upgrade = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n";
      socket.write(`${upgrade}Sec-WebSocket-Accept: ${answer}\r\n\r\n`);
      socket.once("data", () => socket.end(Buffer.from([0xff, 0xff, 0xff, 0xff]))); // no frame starts like this
    });
  });
  const link = await dialWebSocket(address, signal);
  await expect(link.close(1000, "")).resolves.toBeUndefined();
});

test("a partly received message is a sign of life, and silence is not", async () => {
  const { server, address } = await listen();
  const connected = once(server, "connection");
  const link = await dialWebSocket(address, signal);
  closers.push(async () => link[Symbol.asyncDispose]());
  const [, request] = (await connected) as [WebSocket, IncomingMessage];
  const before = link.heardAtMs;
  await new Promise((resolve) => setTimeout(resolve, 20)); // time in which nothing must be heard
  expect(link.heardAtMs).toBe(before);
  // The header of a frame of 60,000 bytes and its first ten bytes; the rest never arrives.
  request.socket.write(Buffer.concat([Buffer.from([0x82, 126, 0xea, 0x60]), Buffer.alloc(10)]));
  while (link.heardAtMs === before) await new Promise(setImmediate);
  expect(link.heardAtMs).toBeGreaterThan(before);
});
