import { FarmError } from "../../core/errors.ts";
import type { NodeAddress, NodeId } from "../../core/node.ts";
import { formatAddress } from "../../core/node-list.ts";
import type { NodeSession } from "../../session/node-session.ts";
import type { NodeInfo } from "../../session/protocol.ts";
import type { DuplicateNode } from "./duplicates.ts";

/** The node already belongs to another connector. */
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

/** Called with two nodes that have the same id and have both authenticated themselves. */
type OnDuplicate = (id: NodeId, nodes: readonly [DuplicateNode, DuplicateNode]) => void;

/** Which connector each node belongs to: the same node may be named twice, and two nodes may have the same id. */
export class NodeClaims {
  readonly #onDuplicate: OnDuplicate;
  readonly #claims = new Map<NodeId, Claim>();

  constructor(onDuplicate: OnDuplicate) {
    this.#onDuplicate = onDuplicate;
  }

  /**
   * Claims the node of this session for a connector. A connector whose link is lost gives way to a later start of the
   * node: it is the same node under its other name, or another one with the same id, which is as good.
   *
   * @throws {DuplicateNodeError} If another connector has it
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

  /** The node's description of itself on its latest link. */
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
      one.session.tellDuplicate(name, formatAddress(address)).catch(() => {}); // only for the node's console
    }
  }
}

/** Whether these are two starts. Unknown, so `false`, for older releases, which do not send an id for each start. */
function haveTwoStarts(first: NodeSession, second: NodeSession): boolean {
  const [one, other] = [first.info.start, second.info.start];
  return one !== undefined && other !== undefined && one !== other;
}

function named({ session, address }: Claim): DuplicateNode {
  return { name: session.info.name, address };
}
