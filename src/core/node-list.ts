import { FarmError } from "./errors.ts";
import type { NamedNode, NodeAddress, Sighting } from "./node.ts";

export const defaultNodePort = 7447;

/**
 * Reads a list of nodes in the form of `--nodes`: "hostA,hostB:7448,[fe80::1]:7447". The default port is 7447, and
 * `wss://` before the host asks for TLS.
 *
 * @throws {FarmError} `FARM_BAD_INPUT` naming the entry
 */
export function parseNodeList(list: string): NamedNode[] {
  const entries = list.split(",").map((entry) => entry.trim());
  return entries.map((entry) => {
    const match = /^(wss:\/\/)?(?:\[([^\]]+)\]|([^:[\]\s/]+))(?::(\d{1,5}))?\/?$/.exec(entry);
    const host = match?.[2] ?? match?.[3];
    const port = match?.[4] === undefined ? defaultNodePort : Number(match[4]);
    if (host === undefined || port < 1 || port > 65_535) {
      throw new FarmError(
        "FARM_BAD_INPUT",
        `Cannot read '${entry}' in --nodes: a host, or host:port, is needed`,
        "Write for example --nodes render1,192.168.1.20:7448",
      );
    }
    return { address: { host, port }, ...(match?.[1] !== undefined && { tls: true }) };
  });
}

/** An address in the form that `parseNodeList` reads. */
export function formatAddress({ host, port }: NodeAddress): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** The list that names these nodes, each by its best address, as `parseNodeList` reads it. */
export function nodeListOf(nodes: readonly Pick<Sighting, "addresses" | "tls">[]): string {
  return nodes
    .flatMap(({ addresses: [address], tls }) => (address ? [`${tls ? "wss://" : ""}${formatAddress(address)}`] : []))
    .join(",");
}
