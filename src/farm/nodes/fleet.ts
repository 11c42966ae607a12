import { AsyncQueue } from "../../core/async-queue.ts";
import { systemClock } from "../../core/clock.ts";
import { FarmError } from "../../core/errors.ts";
import type { JobSettings } from "../../core/job-settings.ts";
import type { NodeId, Sighting } from "../../core/node.ts";
import { orAborted } from "../../core/time-limit.ts";
import { fixedNodes } from "../../discovery/fixed.ts";
import { browseMdns } from "../../discovery/mdns.ts";
import { firstScan } from "../../discovery/scan.ts";
import { dialWebSocket } from "../../session/websocket-link.ts";
import type { FarmEvent, FarmListener } from "../events.ts";
import type { LoopInput } from "../job/job-loop.ts";
import type { PreparedJob } from "../job/prepare-job.ts";
import { EmbeddedNode } from "../local-node/embedded-node.ts";
import { findBlender } from "../local-node/find-blender.ts";
import { KnownNodes } from "./known-nodes.ts";
import { noUsableNode } from "./no-usable-node.ts";
import type { JobOrder } from "./node-connector.ts";
import { NodePool } from "./node-pool.ts";
import { type ConfirmOpenNode, OpenNodes } from "./open-nodes.ts";
import { ReportBudget } from "./report-buffer.ts";
import { openNodeExcluded, readAuthorities } from "./trust-policy.ts";
import { VersionGate } from "./version-gate.ts";

/** How long a named node that mDNS has seen elsewhere is waited for. */
const namedReachedWithinMs = 5_000;
const lookEveryMs = 50;
/** How long those who are ready wait for those who do not answer. */
const silentAtMostMs = 2_000;
/** Anybody may announce as many open nodes as he likes. */
const mostOpenTold = 20;
/** In the summary. */
const mostWarnings = 200;

/**
 * Brings the nodes together: those the user named, those mDNS finds, or one on this machine when there are none; and
 * keeps on looking while the job runs. Whoever makes it owns it: disposing of it sets every node free.
 */
export class Fleet implements AsyncDisposable {
  readonly pool: NodePool;
  /** What happens to the nodes, for the job's loop. */
  readonly inputs = new AsyncQueue<LoopInput>();
  readonly #settings: JobSettings;
  readonly #knownNodes: KnownNodes;
  readonly #openNodes: OpenNodes;
  readonly #listener: FarmListener;
  readonly #warnings = new Set<string>();
  readonly #versionGate: VersionGate;
  readonly #stop = new AbortController();
  readonly #background: Promise<void>[] = [];
  readonly #openTold = new Set<string>();
  #embedded: EmbeddedNode | undefined;
  #wasNamedSeen = false;
  #giveOrder: (order: JobOrder) => void = () => {};
  #released: Promise<void> | undefined;
  /** By node, while nobody hears them. */
  #unheard: Map<NodeId, ReportBudget> | undefined;

  /** @param confirmOpenNode See `RenderOptions` */
  constructor(
    settings: JobSettings,
    prepared: PreparedJob,
    listener: FarmListener,
    confirmOpenNode: ConfirmOpenNode | undefined,
  ) {
    this.#settings = settings;
    this.#knownNodes = new KnownNodes(settings.configFolder);
    this.#listener = listener;
    const tell = (event: FarmEvent) => this.#tell(event);
    this.#openNodes = new OpenNodes({ confirm: confirmOpenNode, knownNodes: this.#knownNodes, tell });
    const { folder, blend, savedBy } = prepared;
    // Frames of an earlier run are of use only to a run with the same Blender.
    const earlier = folder.previous?.blend.sha256 === blend.sha256 ? folder.previous.blenderVersion : null;
    const wanted = settings.blenderVersion ?? (settings.mixVersions ? undefined : (earlier ?? undefined));
    this.#versionGate = new VersionGate({ wanted, mixVersions: settings.mixVersions, savedBy });
    this.pool = new NodePool({
      order: new Promise((resolve) => {
        this.#giveOrder = resolve;
      }),
      blendBytes: blend.sizeBytes,
      dial: dialWebSocket,
      versionGate: this.#versionGate,
      knownNodes: this.#knownNodes,
      openNodes: this.#openNodes,
      authorities: settings.tlsCa === undefined ? undefined : readAuthorities(settings.tlsCa),
      keys: settings.keys,
      tell,
      onEvent: (event) => this.#push(event),
      signal: this.#stop.signal,
    });
  }

  /**
   * Looks for nodes until those that are there have been heard, and chooses the Blender version of the job.
   *
   * @throws {FarmError} `FARM_NO_NODE` or `FARM_NO_BLENDER` when nobody can render this; `FARM_NODE_OPEN` when an open node
   * is named by a farmspec and nobody can be asked about it; the signal's reason
   */
  async chooseVersion(signal: AbortSignal): Promise<string> {
    const { isLocal, nodes, discover } = this.#settings;
    if (isLocal) await this.#addEmbedded(signal);
    else if (nodes.length === 0) {
      await this.#scan(signal);
      if (this.pool.statuses.size === 0) await this.#addEmbedded(signal);
    } else {
      await this.#callNamed(signal);
      while (await this.#askAboutOpenNodes(signal)) await orAborted(this.pool.firstTriesOver(), signal);
      // A farmspec that welcomes others stands for "whoever is there", and this machine is.
      if (discover && this.#versionGate.size === 0) await this.#addEmbeddedInstead(signal);
    }
    do await this.#heard(signal);
    while (await this.#askAboutOpenNodes(signal));
    this.#openNodes.close();
    this.#versionGate.close();
    const version = await this.#versionGate.decided;
    if (version === undefined) throw noUsableNode([...this.pool.statuses.problems, ...this.#versionGate.refusals]);
    return version;
  }

  /** What was warned of while nodes were looked for, for the summary. */
  get warnings(): readonly string[] {
    return [...this.#warnings];
  }

  /** The job has a name: nodes may be taken for it. */
  begin(order: JobOrder): void {
    this.#giveOrder(order);
  }

  /**
   * Runs something in which nobody takes the inputs: they wait, in order, and no node can say more than it may have to.
   *
   * @param work The output is made, which may take an hour
   */
  async unheardWhile<Value>(work: () => Promise<Value>): Promise<Value> {
    this.#unheard = new Map();
    try {
      return await work();
    } finally {
      this.#unheard = undefined;
    }
  }

  /** Sets every node free and ends what runs on this machine. Idempotent. */
  release(): Promise<void> {
    this.#released ??= this.#release();
    return this.#released;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.release();
  }

  #push(event: LoopInput): void {
    if (this.#unheard !== undefined && event.type === "report") {
      const budget = this.#unheard.get(event.node) ?? new ReportBudget("since all frames were stored");
      this.#unheard.set(event.node, budget);
      try {
        if (!budget.spend(event.report)) return;
      } catch (error) {
        if (!(error instanceof FarmError)) throw error;
        this.pool.exclude(event.node, error);
        return;
      }
    }
    this.inputs.push(event);
  }

  async #release(): Promise<void> {
    this.#stop.abort(new Error("The job has ended"));
    await this.pool.ended();
    await Promise.all(this.#background);
    await this.#embedded?.[Symbol.asyncDispose]();
  }

  /** Waits until everybody has been heard; when some are ready, not long for those who do not answer. */
  async #heard(signal: AbortSignal): Promise<void> {
    const over = new AbortController();
    const waiting = AbortSignal.any([signal, over.signal]);
    const patience = async () => {
      while (this.#versionGate.size === 0) await systemClock.sleep(lookEveryMs, waiting);
      await systemClock.sleep(silentAtMostMs, waiting);
    };
    const everybody = Promise.race([this.pool.firstTriesOver(), patience()]);
    everybody.catch(() => {}); // awaited below, unless it is too late already
    try {
      await orAborted(everybody, signal);
    } finally {
      over.abort();
    }
  }

  /** Asks about open nodes. @returns Whether there are some that may be used now, and are dialled again */
  async #askAboutOpenNodes(signal: AbortSignal): Promise<boolean> {
    const confirmed = await this.#openNodes.settle(signal);
    for (const sighting of confirmed) this.pool.addAgain(sighting);
    return confirmed.length > 0;
  }

  /** No listed node is there. @throws {FarmError} What is wrong with them, when this machine cannot render either */
  async #addEmbeddedInstead(signal: AbortSignal): Promise<void> {
    try {
      await this.#addEmbedded(signal);
      this.#tell({ type: "discovery:scanned", nodes: 0 });
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof FarmError && error.code === "FARM_NO_BLENDER")
        throw noUsableNode(this.pool.statuses.problems);
      throw error;
    }
  }

  async #addEmbedded(signal: AbortSignal): Promise<void> {
    const { blender, localSlots, cacheFolder } = this.#settings;
    const program = await findBlender(blender, signal);
    this.#embedded = await EmbeddedNode.open(program, { slots: localSlots, cacheFolder }, signal);
    this.pool.add(this.#embedded.sighting, this.#embedded.key);
    this.#background.push(this.#keepAlive(this.#embedded));
  }

  /** A node that nobody else knows of is ours to look after. */
  async #keepAlive(node: EmbeddedNode): Promise<void> {
    const { signal } = this.#stop;
    try {
      const reason = await node.keepAlive((sighting) => this.pool.add(sighting), signal);
      this.pool.exclude(node.sighting.id ?? "", reason);
    } catch (error) {
      if (!signal.aborted) this.inputs.push({ type: "broken", error });
    }
  }

  /** Contacts the named nodes at once; only when none of them answers is it worth waiting for where mDNS sees them. */
  async #callNamed(signal: AbortSignal): Promise<void> {
    const { nodes, discover } = this.#settings;
    for await (const sighting of fixedNodes(nodes)) this.pool.add(sighting);
    if (!discover && nodes.every((node) => node.id === undefined)) return;
    const scan = this.#scan(signal);
    scan.catch(() => {}); // awaited below, if at all
    await orAborted(this.pool.firstTriesOver(), signal);
    if (this.#versionGate.size > 0 || !this.pool.statuses.isAlive) return;
    await scan;
    // Its keeper may be on the way to where it was seen.
    for (let waitedMs = 0; this.#wasNamedSeen && waitedMs < namedReachedWithinMs; waitedMs += lookEveryMs) {
      if (this.#versionGate.size > 0 || !this.pool.statuses.isAlive) return;
      await systemClock.sleep(lookEveryMs, signal);
    }
  }

  /** Takes up the nodes that mDNS finds, from now to the end of the job; resolves when the first scan is over. */
  async #scan(signal: AbortSignal): Promise<void> {
    const browse = (onNew: () => void) => {
      const browsing = this.#browse(onNew);
      this.#background.push(browsing);
      return browsing;
    };
    await firstScan(browse, signal);
    if (this.#settings.nodes.length === 0) this.#tell({ type: "discovery:scanned", nodes: this.pool.statuses.size });
  }

  async #browse(onNew: () => void): Promise<void> {
    const onWarning = (message: string) => this.#tell({ type: "warning", code: "MDNS", message, name: null });
    const { discover, nodes } = this.#settings;
    // Whoever announces thousands of nodes must not keep out those that are the farm's.
    const isExpected = (id: NodeId) =>
      nodes.some((node) => node.id === id) || this.#knownNodes.isKnown(id) || this.pool.infoOf(id) !== undefined;
    for await (const sighting of browseMdns({ signal: this.#stop.signal, onWarning, isExpected })) {
      // A named node may have another address today; others take part only where that is wanted.
      const isNamed = nodes.some((node) => node.id === sighting.id);
      if (!discover && !isNamed) continue;
      // Nothing proves that an open node is the one that was named: it is used where it was named, and nowhere else.
      if ((sighting.keyId ?? null) === null) {
        if (!isNamed) this.#tellOpen(sighting);
        continue;
      }
      if (isNamed) this.#wasNamedSeen = true;
      const before = this.pool.statuses.size;
      this.pool.add(sighting);
      if (this.pool.statuses.size > before) onNew();
    }
  }

  #tell(event: FarmEvent): void {
    if (event.type === "warning" && this.#warnings.size < mostWarnings) {
      this.#warnings.add(event.name === null ? event.message : `${event.message} (${event.name})`);
    }
    this.#listener(event);
  }

  /** An open node that nobody named is anybody's: it takes no part, and that is told once. */
  #tellOpen({ id = "", name = "a node" }: Sighting): void {
    if (this.#openTold.has(id) || this.#openTold.size >= mostOpenTold) return;
    this.#openTold.add(id);
    const { code, message, hint } = openNodeExcluded(name);
    this.#tell({ type: "node:excluded", name, code, message, hint });
  }
}
