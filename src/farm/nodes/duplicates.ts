import type { NodeAddress, NodeId, Sighting } from "../../core/node.ts";
import { formatAddress } from "../../core/node-list.ts";
import { counted } from "../../core/text.ts";
import type { FarmListener } from "../events.ts";

/** Anybody may announce a node's id at any number of addresses. */
const mostNamed = 8;
/** A machine has a few, and so has each that shares its id. */
const mostDialled = 16;

/** One of several nodes that have the same id. */
export interface DuplicateNode {
  readonly name: string;
  readonly address: NodeAddress;
}

/** What a user is told of nodes with one id. */
export interface DuplicateIds {
  /** Names them all, with their addresses. */
  readonly message: string;
  /** What to do about it. */
  readonly hint: string;
}

const mostTold = 20;

/** Warns of ids that several nodes have: once for each id, and for a bounded number, as anybody may announce any id. */
export class DuplicateWarnings {
  readonly #tell: FarmListener;
  readonly #told = new Set<NodeId>();

  constructor(tell: FarmListener) {
    this.#tell = tell;
  }

  warn(id: NodeId, { message, hint }: DuplicateIds): void {
    if (this.#told.has(id) || this.#told.size >= mostTold) return;
    this.#told.add(id);
    this.#tell({ type: "warning", code: "DUPLICATE_NODE_ID", message: `${message}. ${hint}`, name: null });
  }
}

/** @param nodes All that have the id, at least two */
export function describeDuplicates(id: NodeId, nodes: readonly DuplicateNode[]): DuplicateIds {
  const named = nodes.slice(0, mostNamed).map(({ name, address }) => `${name} at ${formatAddress(address)}`);
  if (nodes.length > named.length) named.push(`${nodes.length - named.length} more`);
  const all = `${named.slice(0, -1).join(", ")} and ${named.at(-1)}`;
  return {
    message: `${counted(nodes.length, "node")} have one id, ${id.slice(0, 8)}, and a job uses only one of them: ${all}`,
    hint: "They are copies of one disk image or config folder: on all but one end the node, delete 'node-id' in its config folder, and start it again",
  };
}

/** What to tell of a node that shares its id with others, `undefined` when it does not. */
export function duplicatesOf(sighting: Sighting): DuplicateIds | undefined {
  const { id = "", duplicates = [] } = sighting;
  if (duplicates.length === 0) return undefined;
  const nodes = [sighting, ...duplicates].flatMap(({ name = id.slice(0, 8), addresses: [address] }) =>
    address === undefined ? [] : [{ name, address }],
  );
  return describeDuplicates(id, nodes);
}

/** Where a node is worth a try, the best first: others with its id are as good as it is, and one of them may be a liar. */
export function addressesOf({ addresses, duplicates = [] }: Sighting): readonly NodeAddress[] {
  return [addresses, ...duplicates.map((duplicate) => duplicate.addresses)].flat().slice(0, mostDialled);
}
