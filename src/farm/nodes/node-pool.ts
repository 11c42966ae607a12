import { type FarmError, messageOf } from "../../core/errors.ts";
import type { NodeId, Sighting } from "../../core/node.ts";
import type { NodeReport } from "../../session/node-report.ts";
import type { NodeSession } from "../../session/node-session.ts";
import type { NodeInfo } from "../../session/protocol.ts";
import type { FarmListener } from "../events.ts";
import { NodeAlarms } from "./alarms/node-alarms.ts";
import type { Contact } from "./connect-node.ts";
import { DuplicateWarnings, describeDuplicates, duplicatesOf } from "./duplicates.ts";
import type { JobOrder } from "./job-order.ts";
import { DuplicateNodeError, NodeClaims } from "./node-claims.ts";
import { type ConnectorEvent, NodeConnector } from "./node-connector.ts";
import type { NodeEvent } from "./node-event.ts";
import type { Candidate } from "./node-source.ts";
import { type NodeStanding, type NodeStatus, wasImpostor } from "./node-status.ts";
import { SeenAddresses } from "./seen-addresses.ts";
import { blobMissing } from "./supply/blend-supply.ts";
import type { NodeTrust } from "./trust/node-trust.ts";
import type { OpenNodes } from "./trust/open-nodes.ts";
import type { VersionGate } from "./version-gate.ts";

export interface NodePoolOptions {
  readonly order: Promise<JobOrder>;
  readonly versionGate: VersionGate;
  readonly trust: NodeTrust;
  /** Open nodes that the user may still be asked about. */
  readonly openNodes: OpenNodes;
  readonly tell: FarmListener;
  readonly onEvent: (event: NodeEvent) => void;
  /** Aborting ends all connectors. */
  readonly signal: AbortSignal;
}

/** One node of the job. */
interface NodeRecord extends NodeStanding {
  readonly id: string;
  readonly addresses: SeenAddresses;
  connector: NodeConnector;
  status: NodeStatus;
  hasJoined: boolean;
  /** Whether the first attempt to reach it has not ended yet. */
  isFirstTry: boolean;
}

/** The nodes of one job: a connector for each node that was found, and its status. */
export class NodePool {
  readonly #options: NodePoolOptions;
  readonly #nodes = new Map<string, NodeRecord>();
  readonly #running = new Set<Promise<void>>();
  readonly #claims: NodeClaims;
  readonly #duplicates: DuplicateWarnings;
  readonly #alarms: NodeAlarms;
  #onFirstTryOver: (() => void) | undefined;

  constructor(options: NodePoolOptions) {
    this.#options = options;
    this.#duplicates = new DuplicateWarnings(options.tell);
    this.#alarms = new NodeAlarms(options.tell);
    this.#claims = new NodeClaims((id, nodes) => this.#duplicates.warn(id, describeDuplicates(id, nodes)));
  }

  /** The status of each node, for the functions in node-status.ts. */
  get nodes(): Iterable<NodeStanding> {
    return this.#nodes.values();
  }

  /** How many nodes were found, excluded ones included. */
  get size(): number {
    return this.#nodes.size;
  }

  nameOf(node: NodeId): string {
    return this.infoOf(node)?.name ?? node.slice(0, 8);
  }

  infoOf(node: NodeId): NodeInfo | undefined {
    return this.#claims.infoOf(node);
  }

  /** Excludes a node from the job from now on. */
  exclude(node: NodeId, reason: FarmError): void {
    this.#nodes.get(this.#claims.connectorOf(node) ?? node)?.connector.exclude(reason);
  }

  /** Adds a node, or tells its connector that it was seen again. */
  add(candidate: Candidate): void {
    const { sighting } = candidate;
    const id = connectorIdOf(sighting);
    const duplicates = duplicatesOf(sighting);
    if (duplicates) this.#duplicates.warn(id, duplicates);
    const known = this.#nodes.get(id);
    const isElsewhere = known?.addresses.note(sighting) ?? true;
    if (known && !(isElsewhere && wasImpostor(known.status))) known.connector.sawAgain(candidate);
    else this.addAgain(candidate);
  }

  /** Adds a node even if it was excluded: the reason for that is gone. */
  addAgain(candidate: Candidate): void {
    const id = connectorIdOf(candidate.sighting);
    const former = this.#nodes.get(id);
    const addresses = former?.addresses ?? new SeenAddresses();
    addresses.note(candidate.sighting);
    const record: NodeRecord = {
      ...{ id, addresses, status: { kind: "connecting" }, isFirstTry: true },
      hasJoined: former?.hasJoined ?? false,
      connector: this.#connectorFor(id, candidate),
    };
    this.#nodes.set(id, record);
    const { onEvent } = this.#options;
    this.#follow(record.connector.run().catch((error) => onEvent({ type: "broken", error })));
  }

  /** Resolves when every node found so far has been reached or found unreachable once. */
  async firstTriesOver(): Promise<void> {
    while ([...this.#nodes.values()].some(({ isFirstTry }) => isFirstTry)) {
      await new Promise<void>((resolve) => {
        this.#onFirstTryOver = resolve;
      });
    }
  }

  /** Resolves when all connectors have ended, which they do once the pool's signal is aborted. */
  async ended(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
  }

  /** Makes `ended` wait for this promise, as nothing may outlive the pool. */
  #follow(promise: Promise<void>): void {
    const running = promise.finally(() => this.#running.delete(running));
    this.#running.add(running);
  }

  #connectorFor(id: string, candidate: Candidate): NodeConnector {
    const { order, trust, onEvent, signal } = this.#options;
    const host = {
      order,
      trust: candidate.key ? trust.withKey(candidate.key) : trust,
      admit: (session: NodeSession, contact: Contact) => this.#admit(id, session, contact),
      onEvent: (event: ConnectorEvent) => this.#on(id, event),
      onReport: (node: NodeId, report: NodeReport) => onEvent({ type: "report", node, report }),
    };
    return new NodeConnector(host, candidate, signal);
  }

  /** The only place where a node's status changes, and where the change is reported. */
  #on(id: string, event: ConnectorEvent): void {
    const record = this.#nodes.get(id);
    if (!record) return;
    const { openNodes, tell, onEvent } = this.#options;
    switch (event.type) {
      case "connected":
      case "claimed":
        record.status = { kind: event.type };
        if (event.type === "claimed") this.#alarms.answered(id); // a connected one may hang up each time
        break;
      case "unreachable":
        record.status = { kind: "unreachable", problem: event.problem };
        this.#alarms.unreachable(id, this.#nameFor(id, event.candidate.sighting), event.problem);
        break;
      case "busy":
        record.status = { kind: "busy" };
        this.#alarms.answered(id);
        tell({ ...event, type: "node:busy" });
        break;
      case "sending": {
        const { node, name, state } = event;
        tell({ type: record.status.kind === "joined" ? "node:receiving" : "node:uploading", node, name, ...state });
        break;
      }
      case "delayed":
        onEvent(event);
        break;
      case "resending":
        this.#warn(blobMissing, `${event.why}; it is sent again`, event.info.name);
        break;
      case "joined": {
        const { node, name, blender } = event.node.worker.info;
        record.status = { kind: "joined" };
        record.hasJoined = true;
        this.#alarms.takesPart(id);
        tell({ type: "node:joined", node, name, blender });
        onEvent(event);
        break;
      }
      case "lost": {
        const { node, name } = event.info;
        record.status = { kind: "lost" };
        tell({ type: "node:lost", node, name, message: event.why });
        onEvent({ type: "lost", node });
        break;
      }
      case "freed":
        if (record.status.kind !== "lost") record.status = { kind: "connected" };
        break;
      case "excluded": {
        const { candidate, reason } = event;
        record.status = { kind: "excluded", reason };
        this.#alarms.answered(id);
        if (reason instanceof DuplicateNodeError || openNodes.hold(candidate, reason)) break;
        this.#alarms.excluded(id, this.#nameFor(id, candidate.sighting), reason);
        onEvent({ type: "excluded", reason });
      }
    }
    if (!record.isFirstTry || record.status.kind === "connecting") return;
    record.isFirstTry = false;
    this.#onFirstTryOver?.();
  }

  /** @throws {DuplicateNodeError} or what `requireAbilities` throws, at once: no rejected promise is left behind */
  #admit(id: string, session: NodeSession, contact: Contact): Promise<string | undefined> {
    const isNew = this.infoOf(session.info.node) === undefined;
    this.#claims.claim(id, session, contact.address);
    this.#options.versionGate.requireAbilities(session.info);
    this.#remember(session.info, contact);
    return this.#passGate(session.info, contact, isNew);
  }

  async #passGate(info: NodeInfo, { address: { host, port } }: Contact, isNew: boolean): Promise<string | undefined> {
    const exclusion = await this.#options.versionGate.admit(info);
    const { node, name, blender, slots } = info;
    const found = { type: "node:found", node, name, address: `${host}:${port}`, blender, slots } as const;
    if (exclusion === undefined && isNew) this.#options.tell(found);
    return exclusion;
  }

  #remember(info: NodeInfo, contact: Contact): void {
    const { trust } = this.#options;
    const remembering = trust.remember(info, contact).catch((error: unknown) => {
      const message = `Cannot remember the key or certificate of this node: ${messageOf(error)}`;
      this.#warn("NODE_NOT_REMEMBERED", message, info.name);
    });
    this.#follow(remembering);
  }

  #warn(code: string, message: string, name: string): void {
    this.#options.tell({ type: "warning", code, message, name });
  }

  /** The node's own name, once it is known; until then the name from discovery or from the user. */
  #nameFor(id: string, sighting: Sighting): string {
    const node = this.#claims.nodeOf(id) ?? sighting.id;
    const address = sighting.addresses[0];
    const otherwise = sighting.name ?? (address ? `${address.host}:${address.port}` : "a node");
    return (node === undefined ? undefined : this.infoOf(node)?.name) ?? otherwise;
  }
}

function connectorIdOf(sighting: Sighting): string {
  return sighting.id ?? sighting.addresses.map(({ host, port }) => `${host}:${port}`).join(",");
}
