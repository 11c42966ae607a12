import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { isIPv4 } from "node:net";
import { afterEach, expect, test } from "vitest";
import { localIpv4Addresses, probeMdnsPort } from "../../src/discovery/interfaces.ts";
import { browseMdns } from "../../src/discovery/mdns.ts";

const sockets: Socket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) {
    socket.close();
    await once(socket, "close");
  }
});

/** Binds the mDNS port. @returns Whether that worked: another program on this machine may have it */
async function takePort(options: { reuseAddr: boolean }): Promise<boolean> {
  const socket = createSocket({ type: "udp4", ...options });
  const bound = once(socket, "listening").then(() => true);
  socket.bind({ port: 5353, address: "0.0.0.0", exclusive: true });
  const isBound = await bound.catch(() => false);
  if (isBound) sockets.push(socket);
  else socket.close();
  return isBound;
}

test("localIpv4Addresses() returns only IPv4 addresses, and no loopback address", () => {
  const addresses = localIpv4Addresses();
  expect(addresses.filter((address) => !isIPv4(address) || address.startsWith("127."))).toEqual([]);
});

test("probeMdnsPort() succeeds if the program that has the port shares it", async (context) => {
  if (!(await takePort({ reuseAddr: true }))) context.skip("another program has UDP port 5353");
  expect(await probeMdnsPort()).toBeUndefined();
});

test("a port that another program does not share is reported, and browsing ends", async (context) => {
  if (!(await takePort({ reuseAddr: false }))) context.skip("another program has UDP port 5353");
  const taken = process.platform === "win32" ? "EACCES" : "EADDRINUSE";
  expect(await probeMdnsPort()).toBe(taken);
  const warnings: string[] = [];
  const { signal } = new AbortController();
  for await (const _ of browseMdns({ signal, onWarning: (warning) => warnings.push(warning) }));
  expect(warnings).toEqual([expect.stringMatching(new RegExp(`5353.*${taken}.*--nodes`))]);
});

test("browseMdns() ends when it is aborted, before and while it browses", async () => {
  const onWarning = () => {};
  for await (const _ of browseMdns({ signal: AbortSignal.abort(), onWarning }));
  const stop = new AbortController();
  const sightings = browseMdns({ signal: stop.signal, onWarning });
  const next = sightings.next();
  setImmediate(() => stop.abort());
  for (let turn = await next; !turn.done; turn = await sightings.next());
  expect(await sightings.next()).toEqual({ done: true, value: undefined });
});
