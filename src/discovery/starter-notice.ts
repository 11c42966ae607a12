import { isIP } from "node:net";
import type { Starter, StarterState } from "../core/node.ts";
import { printable } from "../core/text.ts";
import { orderAddresses, type ServiceAnswer } from "./advertisement.ts";

/** The type of the service by which machines without a key announce themselves: `_renderfarm-join._tcp`. */
export const starterService = "renderfarm-join";

/** Names are cut to this length. */
const longestName = 64;

/** The TXT record of such a machine (docs/protocol.md, "Joining a farm"). */
export function starterTxt({ id, name, state, keyId, at }: Omit<Starter, "addresses">): Record<string, string> {
  return { v: "1", id, name: name.slice(0, longestName), state, key: keyId ?? "", at: at ?? "" };
}

/** Reads such an announcement. @returns `undefined` if it is none of this protocol version */
export function readStarter(answer: ServiceAnswer): Starter | undefined {
  const { v, id, name, state, key, at } = answer.txt;
  if (v !== "1" || typeof id !== "string" || !/^[0-9a-f]{32}$/.test(id)) return undefined;
  if (!Number.isInteger(answer.port) || answer.port < 1 || answer.port > 65_535) return undefined;
  const keyId = typeof key === "string" && /^[0-9a-f]{8}$/.test(key) ? key : undefined;
  if (!isState(state) || (hasFarm(state) && keyId === undefined)) return undefined;
  const hosts = answer.addresses.filter((address) => isIP(address) !== 0);
  const addresses = orderAddresses(answer.sender, hosts).map((host) => ({ host, port: answer.port }));
  if (addresses.length === 0) return undefined;
  const shown = typeof name === "string" && name !== "" ? printable(name).slice(0, longestName) : id.slice(0, 8);
  return {
    ...{ id, name: shown, state, addresses },
    ...(hasFarm(state) && keyId !== undefined && { keyId }),
    ...(state === "joining" && typeof at === "string" && isIP(at) !== 0 && { at }),
  };
}

function isState(state: unknown): state is StarterState {
  return state === "looking" || state === "founding" || hasFarm(state);
}

function hasFarm(state: unknown): state is "founder" | "joining" {
  return state === "founder" || state === "joining";
}
