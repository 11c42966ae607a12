import { FarmError, messageOf } from "../../../core/errors.ts";
import type { NodeAddress, NodeId } from "../../../core/node.ts";
import { formatAddress } from "../../../core/node-list.ts";
import { counted } from "../../../core/text.ts";
import { orAborted } from "../../../core/time-limit.ts";
import type { FarmListener } from "../../events.ts";
import type { Candidate } from "../node-source.ts";
import type { KnownNodes } from "./known-nodes.ts";

/** A farmspec may list a thousand. */
const mostListed = 20;

/** A node without a key: its owner can read the blendfile, and nothing proves who that is. */
export interface OpenNode {
  readonly node: NodeId;
  /** Its name in the farmspec, if it has one. */
  readonly name: string | undefined;
  readonly address: NodeAddress;
  /** SHA-256 of its certificate, 64 hexadecimal digits; `undefined` without TLS. */
  readonly certificate: string | undefined;
}

/**
 * Asks the user whether an open node may have the blendfile.
 *
 * @param signal Aborted when the answer is not needed any more
 */
export type ConfirmOpenNode = (node: OpenNode, signal: AbortSignal) => Promise<boolean>;

/** Only a farmspec names an open node, and somebody else may have written the farmspec. */
export class OpenNodeError extends FarmError {
  readonly openNode: OpenNode;

  constructor({ node, name, address, certificate }: OpenNode) {
    const openNode = { node, name, address, certificate };
    super(
      "FARM_NODE_OPEN",
      `Cannot use ${name ?? "the node"} (${node.slice(0, 8)}) at ${formatAddress(address)}: it is open, and only a farmspec names it`,
      `If you trust it, name it yourself with --nodes ${entryOf(openNode)}, or run this on a terminal, where you are asked about it once`,
    );
    this.openNode = openNode;
  }
}

export interface OpenNodesOptions {
  /** `undefined` if there is nobody to ask. */
  readonly confirm: ConfirmOpenNode | undefined;
  readonly knownNodes: KnownNodes;
  readonly tell: FarmListener;
}

interface Waiting {
  readonly candidate: Candidate;
  readonly error: OpenNodeError;
}

/** Open nodes that wait for the user's consent, while a job looks for nodes and before any gets the blendfile. */
export class OpenNodes {
  readonly #options: OpenNodesOptions;
  /** Nodes allowed in this job, by id and address: the consent holds even if it cannot be remembered. */
  readonly #confirmed = new Set<string>();
  #waiting: Waiting[] = [];
  #isDiscovering = true;

  constructor(options: OpenNodesOptions) {
    this.#options = options;
  }

  /** Whether the user has allowed this node at this address, now or earlier. @throws {FarmError} See `KnownNodes` */
  mayBeUsed(node: NodeId, address: NodeAddress): boolean {
    return this.#confirmed.has(placeOf(node, address)) || this.#options.knownNodes.mayBeOpen(node, address);
  }

  /** Holds a node that was excluded. @returns Whether the user will still hear of it, by a question or by an error */
  hold(candidate: Candidate, error: FarmError): boolean {
    if (!this.#isDiscovering || !(error instanceof OpenNodeError)) return false;
    this.#waiting.push({ candidate, error });
    return true;
  }

  /** Ends the asking: a running job ignores open nodes that turn up. */
  close(): void {
    this.#isDiscovering = false;
  }

  /**
   * Asks about the waiting nodes, one after the other, and remembers each yes.
   *
   * @returns Nodes that may be used now
   * @throws {FarmError} `FARM_NODE_OPEN` if there is nobody to ask; the signal's reason; what the question threw
   */
  async ask(signal: AbortSignal): Promise<Candidate[]> {
    const { confirm, tell } = this.#options;
    const confirmed: Candidate[] = [];
    if (this.#waiting.length === 0) return confirmed;
    if (confirm === undefined) throw nobodyToAsk(this.#waiting.map(({ error }) => error));
    // More may turn up while the user thinks.
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      const { candidate, error } = next;
      const { openNode, code, message, hint } = error;
      if (await orAborted(confirm(openNode, signal), signal)) {
        this.#confirmed.add(placeOf(openNode.node, openNode.address));
        await this.#remember(openNode);
        confirmed.push(candidate);
      } else tell({ type: "node:excluded", name: openNode.name ?? openNode.node.slice(0, 8), code, message, hint });
    }
    return confirmed;
  }

  async #remember({ node, name, address, certificate }: OpenNode): Promise<void> {
    const seen = { keyed: false, openAt: address, ...(certificate !== undefined && { tls: certificate }) };
    await this.#options.knownNodes.remember(node, seen).catch((error: unknown) => {
      const message = `Cannot remember that this node may be used, so you will be asked again: ${messageOf(error)}`;
      this.#options.tell({
        type: "warning",
        code: "NODE_NOT_REMEMBERED",
        message,
        name: name ?? formatAddress(address),
      });
    });
  }
}

function placeOf(node: NodeId, address: NodeAddress): string {
  return `${node} ${formatAddress(address)}`;
}

/** As `--nodes` takes it. */
function entryOf({ address, certificate }: OpenNode): string {
  return `${certificate === undefined ? "" : "wss://"}${formatAddress(address)}`;
}

function nobodyToAsk(errors: readonly OpenNodeError[]): FarmError {
  const [first] = errors;
  if (first !== undefined && errors.length === 1) return first;
  const lines = errors.slice(0, mostListed).map(({ message }) => `\n  ${message}`);
  if (errors.length > lines.length) lines.push(`\n  and ${errors.length - lines.length} more`);
  const entries = errors.slice(0, mostListed).map(({ openNode }) => entryOf(openNode));
  return new FarmError(
    "FARM_NODE_OPEN",
    `Cannot use ${counted(errors.length, "open node")} that only a farmspec names${lines.join("")}`,
    `If you trust them, name them yourself with --nodes ${entries.join(",")}, or run this on a terminal, where you are asked once`,
  );
}
