import { FarmError } from "../../core/errors.ts";
import type { NodeAddress, NodeId } from "../../core/node.ts";
import { formatAddress } from "../../core/node-list.ts";
import type { NodeSession } from "../../session/node-session.ts";
import type { NodeInfo } from "../../session/protocol.ts";
import type { DuplicateNode } from "./duplicates.ts";

/** A node that was met and has a keeper already. */
export class DuplicateNodeError extends FarmError {
  constructor() {
    super("FARM_NODE_EXCLUDED", "Cannot use the same node twice", "Name it once");
  }
}

interface Claim {
  readonly connectorId: string;
  readonly session: NodeSession;
  readonly address: NodeAddress;
}

/** Told of two nodes with one id, both of which have proved to be nodes of this farm. */
type OnDuplicate = (id: NodeId, nodes: readonly [DuplicateNode, DuplicateNode]) => void;

/** Which keeper each node belongs to: the same node may be named twice, and two nodes may have one id. */
export class NodeClaims {
  readonly #onDuplicate: OnDuplicate;
  readonly #claims = new Map<NodeId, Claim>();

  constructor(onDuplicate: OnDuplicate) {
    this.#onDuplicate = onDuplicate;
  }

  /**
   * Takes the node of this session for a keeper. One whose node is gone gives way to a later start: that is the node again
   * under its other name, or another node with its id, which is as good.
   *
   * @throws {DuplicateNodeError} When another keeper has it
   */
  claim(connectorId: string, session: NodeSession, address: NodeAddress): void {
    const id = session.info.node;
    const first = this.#claims.get(id);
    const own: Claim = { connectorId, session, address };
    if (first !== undefined && first.connectorId !== connectorId) {
      const areTwoStarts = haveTwoStarts(first.session, session);
      const isGone = first.session.ended.aborted;
      if (areTwoStarts && !isGone) this.#tell(id, first, own);
      if (!areTwoStarts || !isGone) throw new DuplicateNodeError();
    }
    this.#claims.set(id, own);
  }

  /** What the node said of itself on its latest link. */
  infoOf(node: NodeId): NodeInfo | undefined {
    return this.#claims.get(node)?.session.info;
  }

  connectorOf(node: NodeId): string | undefined {
    return this.#claims.get(node)?.connectorId;
  }

  nodeOf(connectorId: string): NodeId | undefined {
    return [...this.#claims].find(([, claim]) => claim.connectorId === connectorId)?.[0];
  }

  #tell(id: NodeId, first: Claim, second: Claim): void {
    this.#onDuplicate(id, [named(first), named(second)]);
    for (const [one, other] of [
      [first, second],
      [second, first],
    ] as const) {
      const { name, address } = named(other);
      one.session.tellDuplicate(name, formatAddress(address)).catch(() => {}); // its own console only
    }
  }
}

/** Of nodes of older releases, which do not name their start, it is not known. */
function haveTwoStarts(first: NodeSession, second: NodeSession): boolean {
  const [one, other] = [first.info.start, second.info.start];
  return one !== undefined && other !== undefined && one !== other;
}

function named({ session, address }: Claim): DuplicateNode {
  return { name: session.info.name, address };
}
