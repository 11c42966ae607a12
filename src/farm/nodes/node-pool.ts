import { type FarmError, messageOf } from "../../core/errors.ts";
import type { FarmKey } from "../../core/farm-key.ts";
import type { NodeId, Sighting } from "../../core/node.ts";
import type { Dial } from "../../session/link.ts";
import type { NodeReport } from "../../session/node-session.ts";
import type { NodeInfo } from "../../session/protocol.ts";
import type { FarmListener } from "../events.ts";
import { blobMissing } from "./blend-supply.ts";
import type { Contact } from "./connect-node.ts";
import { type DuplicateIds, describeDuplicates, duplicatesOf } from "./duplicates.ts";
import type { KnownNodes } from "./known-nodes.ts";
import { DuplicateNodeError, NodeClaims } from "./node-claims.ts";
import { type ConnectorHost, isFinal, type JobOrder, type JoinedNode, NodeConnector } from "./node-connector.ts";
import { NodeStatuses } from "./node-status.ts";
import type { OpenNodes } from "./open-nodes.ts";
import { SeenAddresses } from "./seen-addresses.ts";
import { chooseKey, demandTls, requireSameTls } from "./trust-policy.ts";
import type { VersionGate } from "./version-gate.ts";

const mostDuplicatesTold = 20;

/** What happens to the nodes of a job, in order, for the job's loop. */
export type PoolEvent =
  | { readonly type: "joined"; readonly node: JoinedNode }
  | { readonly type: "report"; readonly node: NodeId; readonly report: NodeReport }
  | { readonly type: "lost"; readonly node: NodeId }
  | { readonly type: "excluded"; readonly reason: FarmError }
  /** A bug in a keeper: the job cannot go on as if nothing were. */
  | { readonly type: "broken"; readonly error: unknown };

export interface PoolOptions {
  readonly order: Promise<JobOrder>;
  /** Of the blendfile, in bytes. */
  readonly blendBytes: number;
  readonly dial: Dial;
  readonly versionGate: VersionGate;
  readonly knownNodes: KnownNodes;
  /** Open nodes of which the user is still to be asked. */
  readonly openNodes: OpenNodes;
  /** Authorities that sign the nodes' certificates, in PEM form; `undefined` pins each node's own. */
  readonly authorities?: string | undefined;
  readonly keys: readonly FarmKey[];
  readonly tell: FarmListener;
  readonly onEvent: (event: PoolEvent) => void;
  /** Aborting ends all keepers. */
  readonly signal: AbortSignal;
}

/** The nodes of one job: a keeper for each one that was seen, and what is known of them by name. */
export class NodePool {
  readonly statuses = new NodeStatuses();
  readonly #options: PoolOptions;
  readonly #connectors = new Map<string, NodeConnector>();
  readonly #runs = new Set<Promise<void>>();
  readonly #infos = new Map<NodeId, NodeInfo>();
  readonly #claims: NodeClaims;
  readonly #duplicatesTold = new Set<NodeId>();
  readonly #toldUnreachable = new Set<string>();
  readonly #places = new SeenAddresses();
  #firstTries = 0;
  #onFirstTryOver: (() => void) | undefined;

  constructor(options: PoolOptions) {
    this.#options = options;
    this.#claims = new NodeClaims((id, nodes) => this.#tellDuplicates(id, describeDuplicates(id, nodes)));
  }

  nameOf(node: NodeId): string {
    return this.#infos.get(node)?.name ?? node.slice(0, 8);
  }

  infoOf(node: NodeId): NodeInfo | undefined {
    return this.#infos.get(node);
  }

  /** Leaves a node out of the job from now on. */
  exclude(node: NodeId, reason: FarmError): void {
    this.#connectors.get(this.#claims.connectorOf(node) ?? node)?.leave(reason);
  }

  /** Takes up a node, or tells its keeper that it was seen again. @param extraKey A key that only this node has */
  add(sighting: Sighting, extraKey?: FarmKey): void {
    const id = connectorIdOf(sighting);
    const duplicates = duplicatesOf(sighting);
    if (duplicates) this.#tellDuplicates(id, duplicates);
    const isElsewhere = this.#places.note(id, sighting);
    const known = this.#connectors.get(id);
    if (known && !(isElsewhere && this.statuses.wasNobody(id))) {
      known.sawAgain(sighting);
      return;
    }
    this.#begin(id, sighting, extraKey);
  }

  /** Takes up a node that was left out, since the reason for that is gone. */
  addAgain(sighting: Sighting): void {
    this.#begin(connectorIdOf(sighting), sighting);
  }

  #begin(id: string, sighting: Sighting, extraKey?: FarmKey): void {
    this.statuses.begin(id);
    const keys = extraKey ? [extraKey, ...this.#options.keys] : this.#options.keys;
    const connector = new NodeConnector(this.#hostFor(id, keys), sighting, this.#options.signal);
    this.#connectors.set(id, connector);
    this.#firstTries += 1;
    this.#follow(connector.run().catch((error) => this.#options.onEvent({ type: "broken", error })));
  }

  /** Resolves when every node seen so far was reached or found unreachable, once. */
  async firstTriesOver(): Promise<void> {
    while (this.#firstTries > 0) {
      await new Promise<void>((resolve) => {
        this.#onFirstTryOver = resolve;
      });
    }
  }

  /** Resolves when all keepers have ended; they do when the pool's signal is aborted. */
  async ended(): Promise<void> {
    while (this.#runs.size > 0) await Promise.all(this.#runs);
  }

  /** Has `ended` wait for what must not outlive the pool. */
  #follow(running: Promise<void>): void {
    const run = running.finally(() => this.#runs.delete(run));
    this.#runs.add(run);
  }

  #hostFor(connectorId: string, keys: readonly FarmKey[]): ConnectorHost {
    const { order, blendBytes, dial, versionGate, knownNodes, openNodes, authorities, tell, onEvent } = this.#options;
    const { statuses } = this;
    let isFirstTry = true;
    const endFirstTry = () => {
      if (!isFirstTry) return;
      isFirstTry = false;
      this.#firstTries -= 1;
      this.#onFirstTryOver?.();
    };
    return {
      order,
      dial,
      demandTls: ({ id, source, tls }, address) => {
        if (source === "embedded") return undefined; // on loopback, with a key that nobody else has
        const isWanted = tls === true || (source === "fixed" && knownNodes.named(address).hasTls);
        const pinned = id === undefined ? undefined : knownNodes.of(id)?.tls;
        return demandTls({ isWanted, pinned, authorities });
      },
      chooseKey: ({ claim, sighting: { source, name, ...sighting }, address, certificate }) => {
        const question = { ...claim, source, name, address, certificate, keys };
        if (source === "embedded") return chooseKey({ ...question, mayBeOpen: false, wasKeyed: true });
        const known = knownNodes.of(claim.node);
        const wasKeyed = known?.keyed === true || (source === "fixed" && knownNodes.named(address).keyed);
        requireSameTls(claim.node, { shown: certificate, pinned: known?.tls, authorities });
        const mayBeOpen = sighting.mayBeOpen === true || openNodes.mayBeUsed(claim.node, address);
        return chooseKey({ ...question, mayBeOpen, wasKeyed });
      },
      admit: (session, contact) => {
        this.#claims.claim(connectorId, session, contact.address);
        this.#remember(session.info, contact);
        return this.#admit(session.info, contact, versionGate);
      },
      onTried: (sighting, problem) => {
        endFirstTry();
        if (problem instanceof DuplicateNodeError) return;
        statuses.tried(connectorId, problem);
        if (problem && !isFinal(problem)) this.#tellUnreachable(connectorId, sighting, problem); // else told as left out
      },
      onBusy: (info, holder) => tell({ type: "node:busy", node: info.node, name: info.name, holder }),
      onTaken: ({ node }) => statuses.take(node),
      onFreed: ({ node }) => statuses.free(node),
      onUpload: (info, haveBytes) => {
        tell({ type: "node:uploading", node: info.node, name: info.name, haveBytes, sizeBytes: blendBytes });
      },
      onResend: ({ name }, why) => {
        tell({ type: "warning", code: blobMissing, message: `${why}; it is sent again`, name });
      },
      onJoined: (node) => {
        const { info } = node.session;
        statuses.join(connectorId);
        tell({ type: "node:joined", node: info.node, name: info.name, blender: info.blender });
        onEvent({ type: "joined", node });
      },
      onReport: (node, report) => onEvent({ type: "report", node, report }),
      onLost: (info, reason) => {
        tell({ type: "node:lost", node: info.node, name: info.name, message: reason.message });
        onEvent({ type: "lost", node: info.node });
      },
      onExcluded: (sighting, reason) => {
        statuses.exclude(connectorId, reason);
        if (reason instanceof DuplicateNodeError || openNodes.hold(sighting, reason)) return;
        const name = this.#nameFor(connectorId, sighting);
        tell({ type: "node:excluded", name, code: reason.code, message: reason.message, hint: reason.hint });
        onEvent({ type: "excluded", reason });
      },
    };
  }

  /** It has proved its key, and that the certificate is its own: from now on it must have both. */
  #remember(info: NodeInfo, { claim, sighting, address, certificate }: Contact): void {
    const keyed = claim.keyId !== null;
    if (sighting.source === "embedded" || (!keyed && certificate === undefined)) return;
    const seen = {
      keyed,
      ...(certificate !== undefined && { tls: certificate }),
      ...(sighting.source === "fixed" && sighting.id === undefined && { named: address }),
    };
    const remembering = this.#options.knownNodes.remember(info.node, seen).catch((error: unknown) => {
      const message = `Cannot remember how this node has proved itself: ${messageOf(error)}`;
      this.#options.tell({ type: "warning", code: "NODE_NOT_REMEMBERED", message, name: info.name });
    });
    this.#follow(remembering);
  }

  async #admit(info: NodeInfo, { address }: Contact, versionGate: VersionGate): Promise<string | undefined> {
    const isNew = !this.#infos.has(info.node);
    this.#infos.set(info.node, info);
    const refusal = await versionGate.admit(info);
    if (refusal === undefined && isNew) {
      const where = `${address.host}:${address.port}`;
      const { node, name, blender, slots } = info;
      this.#options.tell({ type: "node:found", node, name, address: where, blender, slots });
    }
    return refusal;
  }

  /** What the node calls itself, once it has said so; else what discovery or the user called it. */
  #nameFor(connectorId: string, sighting: Sighting): string {
    const node = this.#claims.nodeOf(connectorId) ?? sighting.id;
    const address = sighting.addresses[0];
    const otherwise = sighting.name ?? (address ? `${address.host}:${address.port}` : "a node");
    return (node === undefined ? undefined : this.#infos.get(node)?.name) ?? otherwise;
  }

  /** Once for each id, and of so many: anybody may announce the id of a node. */
  #tellDuplicates(id: NodeId, { message, hint }: DuplicateIds): void {
    if (this.#duplicatesTold.has(id) || this.#duplicatesTold.size >= mostDuplicatesTold) return;
    this.#duplicatesTold.add(id);
    this.#options.tell({ type: "warning", code: "DUPLICATE_NODE_ID", message: `${message}. ${hint}`, name: null });
  }

  #tellUnreachable(connectorId: string, sighting: Sighting, problem: FarmError): void {
    if (this.#toldUnreachable.has(connectorId)) return;
    this.#toldUnreachable.add(connectorId);
    const name = this.#nameFor(connectorId, sighting);
    this.#options.tell({ type: "node:unreachable", name, message: problem.message, hint: problem.hint });
  }
}

function connectorIdOf(sighting: Sighting): string {
  return sighting.id ?? sighting.addresses.map(({ host, port }) => `${host}:${port}`).join(",");
}
