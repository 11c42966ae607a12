import { createSocket } from "node:dgram";
import { networkInterfaces } from "node:os";

const group = "224.0.0.251";
const port = 5353;

/** When the question is sent: a datagram may be lost, and responders pause after an answer. */
const askAtMs = [0, 500, 1_500];
const timeoutMs = 3_000;

/**
 * Checks whether mDNS finds nodes on this machine: containers and firewalls often block multicast.
 *
 * @param {readonly string[]} nodeIds
 * @returns {Promise<boolean>} true as soon as all of them have answered, on any network
 */
export async function answersByMdns(nodeIds) {
  const addresses = Object.values(networkInterfaces())
    .flatMap((entries) => entries ?? [])
    .filter((entry) => entry.family === "IPv4" && !entry.internal)
    .map((entry) => entry.address);
  const missing = new Set(nodeIds);
  const sockets = addresses.map(() => createSocket("udp4"));
  /** @type {NodeJS.Timeout[]} */
  const timers = [];
  try {
    return await new Promise((resolve) => {
      timers.push(setTimeout(resolve, timeoutMs, false));
      sockets.forEach((socket, index) => {
        socket.on("error", () => {}); // treated like an interface on which nobody answers
        socket.on("message", (message) => {
          for (const id of missing) if (message.includes(id)) missing.delete(id);
          if (missing.size === 0) resolve(true);
        });
        socket.bind(0, addresses[index], () => {
          for (const delay of askAtMs)
            timers.push(setTimeout(() => socket.send(question, port, group, () => {}), delay));
        });
      });
    });
  } finally {
    for (const timer of timers) clearTimeout(timer);
    for (const socket of sockets) socket.close();
  }
}

/** One DNS question, for the PTR records of `_renderfarm._tcp.local`. The answers come directly to this socket. */
const question = Buffer.concat([
  Buffer.from([0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0]),
  ...["_renderfarm", "_tcp", "local", ""].map((label) => Buffer.from([label.length, ...Buffer.from(label)])),
  Buffer.from([0, 12, 0, 1]),
]);
