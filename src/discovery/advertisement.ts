import { isIP } from "node:net";
import type { NodeAddress, Sighting } from "../core/node.ts";
import { printable } from "../core/text.ts";

/** A machine has a few addresses; an attacker may announce any number. */
const mostAddresses = 16;

/** One mDNS answer about a service; its strings are unchecked. */
export interface ServiceAnswer {
  readonly port: number;
  /** The sender's address, which is certain to be reachable from here. */
  readonly sender: string | undefined;
  readonly addresses: readonly string[];
  readonly txt: Readonly<Record<string, unknown>>;
}

/**
 * Reads a node's advertisement (docs/protocol.md, "Advertisement").
 *
 * @returns `undefined` if it is not a render node of this protocol version
 */
export function readAdvertisement(answer: ServiceAnswer): Sighting | undefined {
  const { id, v, name, blender, slots, state, key, tls, start } = answer.txt;
  if (v !== "1" || typeof id !== "string" || !/^[0-9a-f]{32}$/.test(id)) return undefined;
  if (!Number.isInteger(answer.port) || answer.port < 1 || answer.port > 65_535) return undefined;
  const hosts = answer.addresses.filter((address) => isIP(address) !== 0);
  const addresses = orderAddresses(answer.sender, hosts).map((host): NodeAddress => ({ host, port: answer.port }));
  if (addresses.length === 0) return undefined;
  return {
    id,
    addresses,
    source: "mdns",
    name: typeof name === "string" && name !== "" ? printable(name).slice(0, 64) : id.slice(0, 8),
    ...(typeof blender === "string" && /^\d{1,3}(\.\d{1,3}){1,2}$/.test(blender) && { blenderVersion: blender }),
    ...(typeof slots === "string" && /^[1-9]\d{0,2}$/.test(slots) && { slots: Number(slots) }),
    ...((state === "idle" || state === "busy") && { state }),
    ...(typeof tls === "string" && /^[0-9a-f]{16}$/.test(tls) && { tls: true, certificate: tls }),
    ...(typeof start === "string" && /^[0-9a-f]{16}$/.test(start) && { start }),
    keyId: typeof key === "string" && /^[0-9a-f]{8}$/.test(key) ? key : null,
  };
}

/**
 * Orders addresses: the sender first, then IPv4, then IPv6, up to a limit. Link-local IPv6 is omitted, because it needs
 * a scope that mDNS does not provide.
 */
export function orderAddresses(sender: string | undefined, addresses: readonly string[]): string[] {
  const isIpv6 = (address: string) => address.includes(":");
  const usable = addresses.filter((address) => !/^fe80:/i.test(address));
  const ordered = [
    ...(sender === undefined ? [] : [sender]),
    ...usable.filter((address) => !isIpv6(address)),
    ...usable.filter(isIpv6),
  ];
  return [...new Set(ordered)].slice(0, mostAddresses);
}
