import type { NodeAddress, NodeId, Sighting } from "../../core/node.ts";
import { formatAddress } from "../../core/node-list.ts";
import { counted } from "../../core/text.ts";
import type { FarmListener } from "../events.ts";

/** Anybody may announce a node's id at any number of addresses. */
const mostNamed = 8;
/** A machine has a few addresses, and so has each node that shares its id. */
const mostDialled = 16;

/** One of several nodes that have the same id. */
export interface DuplicateNode {
  readonly name: string;
  readonly address: NodeAddress;
}

/** What users are told about nodes with the same id. */
export interface DuplicateIds {
  /** Names them all, with their addresses. */
  readonly message: string;
  /** What to do about it. */
  readonly hint: string;
}

const mostTold = 20;

/**
 * Warns about ids that several nodes have: once for each id, and for a limited number, as anybody may announce any id.
 */
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

/** @param nodes All nodes that have the id, at least two */
export function describeDuplicates(id: NodeId, nodes: readonly DuplicateNode[]): DuplicateIds {
  const named = nodes.slice(0, mostNamed).map(({ name, address }) => `${name} at ${formatAddress(address)}`);
  if (nodes.length > named.length) named.push(`${nodes.length - named.length} more`);
  const all = `${named.slice(0, -1).join(", ")} and ${named.at(-1)}`;
  return {
    message: `${counted(nodes.length, "node")} have the same id, ${id.slice(0, 8)}, and a job uses only one of them: ${all}`,
    hint: "They are copies of one disk image or config folder: on all but one, stop the node, delete 'node-id' in its config folder, and start it again",
  };
}

/** What to say about a node that shares its id with others; `undefined` if it does not. */
export function duplicatesOf(sighting: Sighting): DuplicateIds | undefined {
  const { id = "", duplicates = [] } = sighting;
  if (duplicates.length === 0) return undefined;
  const nodes = [sighting, ...duplicates].flatMap(({ name = id.slice(0, 8), addresses: [address] }) =>
    address === undefined ? [] : [{ name, address }],
  );
  return describeDuplicates(id, nodes);
}

/**
 * Where to try to reach a node, best address first. Others with its id count as well, since any of them may be the real
 * one.
 */
export function addressesOf({ addresses, duplicates = [] }: Sighting): readonly NodeAddress[] {
  return [addresses, ...duplicates.map((duplicate) => duplicate.addresses)].flat().slice(0, mostDialled);
}
