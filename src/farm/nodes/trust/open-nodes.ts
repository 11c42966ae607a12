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

/** A node that asks for no key: its owner can read the blendfile, and nothing proves who that is. */
export interface OpenNode {
  readonly node: NodeId;
  /** What the farmspec calls it, if it does. */
  readonly name: string | undefined;
  readonly address: NodeAddress;
  /** SHA-256 of its certificate, 64 hexadecimal digits; `undefined` without TLS. */
  readonly certificate: string | undefined;
}

/**
 * Asks the user whether an open node may have the blendfile.
 *
 * @param signal Aborted when nobody waits for the answer any more
 */
export type ConfirmOpenNode = (node: OpenNode, signal: AbortSignal) => Promise<boolean>;

/** An open node is named by a farmspec only, which somebody else may have written. */
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
  /** `undefined` when nobody is there to be asked. */
  readonly confirm: ConfirmOpenNode | undefined;
  readonly knownNodes: KnownNodes;
  readonly tell: FarmListener;
}

interface Waiting {
  readonly candidate: Candidate;
  readonly error: OpenNodeError;
}

/** Open nodes that wait for the user's word, while a job looks for its nodes and before the blendfile goes to any. */
export class OpenNodes {
  readonly #options: OpenNodesOptions;
  /** By id and address, those of this job: what was said holds also when it cannot be remembered. */
  readonly #confirmed = new Set<string>();
  #waiting: Waiting[] = [];
  #isDiscovering = true;

  constructor(options: OpenNodesOptions) {
    this.#options = options;
  }

  /** Whether the user has said, now or earlier, that this node may be used at this address. @throws {FarmError} See `KnownNodes` */
  mayBeUsed(node: NodeId, address: NodeAddress): boolean {
    return this.#confirmed.has(placeOf(node, address)) || this.#options.knownNodes.mayBeOpen(node, address);
  }

  /** Takes up a node that was excluded. @returns Whether the user is still to hear of it: by a question, or by an error */
  hold(candidate: Candidate, error: FarmError): boolean {
    if (!this.#isDiscovering || !(error instanceof OpenNodeError)) return false;
    this.#waiting.push({ candidate, error });
    return true;
  }

  /** Nobody is asked any more: a job that runs goes on without open nodes that turn up. */
  close(): void {
    this.#isDiscovering = false;
  }

  /**
   * Asks about those who wait, one after the other, and remembers each yes.
   *
   * @returns Those who may be used now
   * @throws {FarmError} `FARM_NODE_OPEN` when nobody is there to be asked; the signal's reason; what the question threw
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
