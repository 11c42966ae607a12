import { once } from "node:events";
import { readFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { afterEach, describe, expect, test } from "vitest";
import type { NodeAddress } from "../../src/core/node.ts";
import { dialWebSocket } from "../../src/session/websocket-link.ts";
import { authorityFile, certificate, fingerprintOf } from "../support/certificates.ts";
import { FakeNode } from "../support/nodes/fake-node.ts";
import { serveFakeNode } from "../support/nodes/fake-node-server.ts";

const { signal } = new AbortController();
const authorities = readFileSync(authorityFile, "utf8");
const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

async function serve(name?: Parameters<typeof certificate>[0]): Promise<NodeAddress> {
  const server = await serveFakeNode(new FakeNode(), name && certificate(name));
  closers.push(() => server[Symbol.asyncDispose]());
  return server.address;
}

/** A TLS server that records every byte it receives inside TLS. */
async function listenIn(): Promise<{ address: NodeAddress; heard: Buffer[] }> {
  const heard: Buffer[] = [];
  const server = createTlsServer(certificate("node"), (socket) => {
    socket.on("error", () => {});
    socket.on("data", (data) => heard.push(data));
  });
  server.on("tlsClientError", () => {});
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  closers.push(() => server.close());
  return { address: { host: "127.0.0.1", port: (server.address() as AddressInfo).port }, heard };
}

describe("dialWebSocket() over TLS", () => {
  test.each([
    ["no requirement but TLS, since the handshake proves the certificate", {}],
    ["the certificate it had before", { fingerprint: fingerprintOf("node") }],
    ["an authority that signed it", { authorities }],
  ])("with %s, it gives a link with the certificate's fingerprint", async (_, demand) => {
    await using link = await dialWebSocket(await serve("node"), signal, demand);
    expect(link.tlsFingerprint.toString("hex")).toBe(fingerprintOf("node"));
  });

  test.each([
    ["another certificate than before", { fingerprint: fingerprintOf("renewed") }, "is [0-9a-f]{16} now"],
    [
      "a certificate of an untrusted authority",
      { authorities: certificate("rogue").cert },
      "not signed by an authority",
    ],
  ])("with %s, it is refused before anything is sent", async (_, demand, why) => {
    const { address, heard } = await listenIn();
    await expect(dialWebSocket(address, signal, demand)).rejects.toMatchObject({
      code: "FARM_CERTIFICATE_REFUSED",
      message: expect.stringMatching(why),
      hint: expect.any(String),
    });
    expect(Buffer.concat(heard).toString()).toBe("");
  });

  test("never falls back to plain text when the other side does not speak TLS", async () => {
    const heard: Buffer[] = [];
    const server = createServer((socket) => {
      socket.on("error", () => {});
      socket.on("data", (data) => {
        heard.push(data);
        socket.end("HTTP/1.1 101 Switching Protocols\r\n\r\n");
      });
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    closers.push(() => server.close());
    const address = { host: "127.0.0.1", port: (server.address() as AddressInfo).port };
    await expect(dialWebSocket(address, signal, {})).rejects.toMatchObject({
      code: "FARM_NODE_UNREACHABLE",
      message: expect.stringContaining("does not use it"),
    });
    expect(heard).toHaveLength(1);
    expect(heard[0]?.[0]).toBe(0x16); // a TLS record: nothing was sent in plain text
  });

  test("ends with the signal's reason while it waits for a silent peer", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    closers.push(() => server.close());
    const address = { host: "127.0.0.1", port: (server.address() as AddressInfo).port };
    const stop = new AbortController();
    server.once("connection", () => stop.abort(new Error("enough")));
    await expect(dialWebSocket(address, stop.signal, {})).rejects.toThrow("enough");
  });
});

test("dialling a TLS node without TLS says how to name it", async () => {
  await expect(dialWebSocket(await serve("node"), signal)).rejects.toMatchObject({
    code: "FARM_NODE_UNREACHABLE",
    message: expect.stringContaining("wss://"),
  });
});
