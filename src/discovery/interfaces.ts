import { createSocket } from "node:dgram";
import { networkInterfaces } from "node:os";
import { systemCodeOf } from "../core/errors.ts";

const mdnsPort = 5353;

/** This machine's IPv4 addresses on networks with possible other machines: one per interface and network. */
export function localIpv4Addresses(): string[] {
  return Object.values(networkInterfaces())
    .flatMap((entries) => entries ?? [])
    .filter((entry) => entry.family === "IPv4" && !entry.internal)
    .map((entry) => entry.address);
}

/**
 * Checks whether the mDNS port can be shared, by binding to it for a moment.
 *
 * @returns The system's error code if not: another program uses the port exclusively
 */
export function probeMdnsPort(): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = createSocket({ type: "udp4", reuseAddr: true });
    socket.once("error", (error) => {
      socket.close();
      resolve(systemCodeOf(error) ?? error.message);
    });
    socket.bind({ port: mdnsPort, address: "0.0.0.0" }, () => socket.close(() => resolve(undefined)));
  });
}
