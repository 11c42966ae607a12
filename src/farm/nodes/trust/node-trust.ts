import type { FarmKey } from "../../../core/farm-key.ts";
import type { NodeAddress, Sighting } from "../../../core/node.ts";
import type { TlsDemand } from "../../../session/link.ts";
import type { NodeInfo } from "../../../session/protocol.ts";
import type { ConnectHost, Contact } from "../connect-node.ts";
import type { KnownNodes } from "./known-nodes.ts";
import type { OpenNodes } from "./open-nodes.ts";
import { chooseKey, demandTls, requireSameTls } from "./trust-policy.ts";

export interface NodeTrustOptions {
  readonly knownNodes: KnownNodes;
  /** Open nodes that the user may still be asked about. */
  readonly openNodes: OpenNodes;
  /** Authorities that sign the nodes' certificates, as PEM; `undefined` pins each node's own certificate. */
  readonly authorities?: string | undefined;
  readonly keys: readonly FarmKey[];
}

/** Applies the trust rules to what this machine knows about its nodes. */
export class NodeTrust implements ConnectHost {
  readonly #options: NodeTrustOptions;

  constructor(options: NodeTrustOptions) {
    this.#options = options;
  }

  /** The same rules for a node with a key of its own. */
  withKey(key: FarmKey): NodeTrust {
    return new NodeTrust({ ...this.#options, keys: [key, ...this.#options.keys] });
  }

  demandTls({ id, source, tls }: Sighting, address: NodeAddress): TlsDemand | undefined {
    if (source === "embedded") return undefined; // it is on loopback, with a key that nobody else has
    const { knownNodes, authorities } = this.#options;
    const isWanted = tls === true || (source === "fixed" && knownNodes.named(address).hasTls);
    const pinned = id === undefined ? undefined : knownNodes.of(id)?.tls;
    return demandTls({ isWanted, pinned, authorities });
  }

  chooseKey({ claim, sighting, address, certificate }: Contact): FarmKey {
    const { knownNodes, openNodes, authorities, keys } = this.#options;
    const { source, name } = sighting;
    const question = { ...claim, source, name, address, certificate, keys };
    if (source === "embedded") return chooseKey({ ...question, mayBeOpen: false, wasKeyed: true });
    const known = knownNodes.of(claim.node);
    const wasKeyed = known?.keyed === true || (source === "fixed" && knownNodes.named(address).keyed);
    requireSameTls(claim.node, { shown: certificate, pinned: known?.tls, authorities });
    const mayBeOpen = sighting.mayBeOpen === true || openNodes.mayBeUsed(claim.node, address);
    return chooseKey({ ...question, mayBeOpen, wasKeyed });
  }

  /**
   * The node has proved its key, and that it owns the certificate. From now on it must have both.
   *
   * @throws Why it cannot be remembered
   */
  async remember({ node }: NodeInfo, { claim, sighting, address, certificate }: Contact): Promise<void> {
    const keyed = claim.keyId !== null;
    if (sighting.source === "embedded" || (!keyed && certificate === undefined)) return;
    await this.#options.knownNodes.remember(node, {
      keyed,
      ...(certificate !== undefined && { tls: certificate }),
      ...(sighting.source === "fixed" && sighting.id === undefined && { named: address }),
    });
  }
}
