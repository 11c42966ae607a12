import type { NamedNode, Sighting } from "../core/node.ts";

/** The nodes that the user named, in the form in which discovery finds nodes. */
export async function* fixedNodes(nodes: readonly NamedNode[]): AsyncGenerator<Sighting> {
  for (const { address, ...known } of nodes) yield { ...known, addresses: [address], source: "fixed" };
}
