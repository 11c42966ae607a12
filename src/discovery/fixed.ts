import type { NodeAddress, Sighting } from "../core/node.ts";

/** The nodes that the user named, as discovery would have found them. */
export async function* fixedNodes(addresses: readonly NodeAddress[]): AsyncGenerator<Sighting> {
  for (const address of addresses) yield { addresses: [address], source: "fixed" };
}
