import { once } from "node:events";
import { connect } from "node:net";
import { expect, test } from "vitest";
import { WebSocket } from "ws";
import { makeFarmKey } from "../../src/core/farm-key.ts";
import { awaitInvitation } from "../../src/pairing/await-invitation.ts";
import { FailureLimit } from "../../src/pairing/failure-limit.ts";
import { inviteOver } from "../../src/pairing/inviting.ts";
import { dialJoiner, PairingServer } from "../../src/pairing/websocket.ts";
import { waitFor } from "../support/wait-for.ts";

const key = makeFarmKey();
const never = new AbortController().signal;
const machine = { id: "0123456789abcdef0123456789abcdef", name: "cellar", keyId: key.id };

/** A machine that waits to be invited, on a real port. */
async function waiting() {
  const server = await PairingServer.open();
  let show: (code: string) => void = () => {};
  const code = new Promise<string>((resolve) => {
    show = resolve;
  });
  const stop = new AbortController();
  let failures = 0;
  const onFailed = () => {
    failures += 1;
  };
  const handlers = { onCode: (shown: string) => show(shown), onFailed, keep: async () => {} };
  const joined = awaitInvitation(server.links, machine, handlers, stop.signal);
  joined.catch(() => {});
  const close = async () => {
    stop.abort();
    await server[Symbol.asyncDispose]();
  };
  const hasFailed = () => waitFor(() => failures > 0, "the end of a failed exchange");
  return { hasFailed, address: { host: "127.0.0.1", port: server.port }, code, joined, [Symbol.asyncDispose]: close };
}

test("two machines join over a real connection, while others hold connections open and send rubbish", async () => {
  await using cellar = await waiting();
  const { host, port } = cellar.address;
  const silent = connect(port, host);
  await once(silent, "connect");
  const garbage = connect(port, host);
  garbage.resume();
  garbage.write("\u0000\u0001 rubbish\r\n\r\n");
  await once(garbage, "close");
  const loud = new WebSocket(`ws://${host}:${port}/`);
  await once(loud, "open");
  loud.send("x".repeat(100_000)); // far beyond the bound
  await once(loud, "close");
  await cellar.hasFailed();

  await using link = await dialJoiner(cellar.address, never);
  const farm = { key, name: "attic" };
  expect(await inviteOver(link, farm, new FailureLimit(() => 0), () => cellar.code, never)).toBe(true);
  expect((await cellar.joined).bytes).toEqual(key.bytes);
  silent.destroy();
});

test("a web page cannot connect, and one that sends many messages is cut off", async () => {
  await using cellar = await waiting();
  const { host, port } = cellar.address;
  const page = new WebSocket(`ws://${host}:${port}/`, { origin: "http://example.org" });
  const [error] = (await once(page, "error")) as [Error];
  expect(error.message).toContain("401");
  const first = await dialJoiner(cellar.address, never); // it is served, and the next one is told that it is busy
  const flood = new WebSocket(`ws://${host}:${port}/`);
  await once(flood, "open");
  const closed = once(flood, "close");
  for (let count = 0; count < 50; count += 1) flood.send('{"type":"invite"}');
  await closed;
  await first.close();
});

test("several machines that wait on one address have ports of their own", async () => {
  await using one = await PairingServer.open();
  await using other = await PairingServer.open();
  expect(other.port).not.toBe(one.port);
});

test("nobody there is an error that says what to check", async () => {
  const server = await PairingServer.open();
  const { port } = server;
  await server[Symbol.asyncDispose]();
  await expect(dialJoiner({ host: "127.0.0.1", port }, never)).rejects.toMatchObject({
    ...{ code: "FARM_NODE_UNREACHABLE", message: expect.stringContaining(`127.0.0.1:${port}`) },
  });
});
