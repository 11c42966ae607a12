import { FarmError } from "./errors.ts";
import type { NodeAddress } from "./node.ts";

export const defaultNodePort = 7447;

/**
 * Reads a list of nodes as given to `--nodes`: "hostA,hostB:7448,[fe80::1]:7447"; the port is 7447 when left out.
 *
 * @throws {FarmError} `FARM_BAD_INPUT` that names the entry
 */
export function parseNodeList(list: string): NodeAddress[] {
  const entries = list.split(",").map((entry) => entry.trim());
  return entries.map((entry) => {
    const match = /^(?:\[([^\]]+)\]|([^:[\]\s/]+))(?::(\d{1,5}))?$/.exec(entry);
    const host = match?.[1] ?? match?.[2];
    const port = match?.[3] === undefined ? defaultNodePort : Number(match[3]);
    if (host === undefined || port < 1 || port > 65_535) {
      throw new FarmError(
        "FARM_BAD_INPUT",
        `Cannot read '${entry}' in --nodes: a host, or host:port, is needed`,
        "Write for example --nodes render1,192.168.1.20:7448",
      );
    }
    return { host, port };
  });
}
