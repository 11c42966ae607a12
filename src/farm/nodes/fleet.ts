import { systemClock } from "../../core/clock.ts";
import { FarmError } from "../../core/errors.ts";
import type { NodeId } from "../../core/node.ts";
import { orAborted } from "../../core/time-limit.ts";
import type { FarmEvent, FarmListener } from "../events.ts";
import type { JobOrder } from "./job-order.ts";
import { noUsableNode } from "./no-usable-node.ts";
import type { NodeEvent } from "./node-event.ts";
import { NodePool } from "./node-pool.ts";
import type { Candidate, CompanionHost, NodeSource, NodeSources } from "./node-source.ts";
import { isAnyAlive, isAnyClaimed, loadErrorOf, problemsOf } from "./node-status.ts";
import type { KnownNodes } from "./trust/known-nodes.ts";
import { NodeTrust, type NodeTrustOptions } from "./trust/node-trust.ts";
import { type ConfirmOpenNode, OpenNodes } from "./trust/open-nodes.ts";
import { VersionGate } from "./version-gate.ts";
import type { VersionRules } from "./version-policy.ts";

/** How long to wait for a node that was seen at another address. */
const seenElsewhereWithinMs = 5_000;
const lookEveryMs = 50;
/** How long nodes that are ready wait for those that do not answer. */
const silentAtMostMs = 2_000;
/** In the summary. */
const mostWarnings = 200;

export interface FleetOptions extends NodeSources {
  readonly versionRules: VersionRules;
  readonly knownNodes: KnownNodes;
  /** Asks about open nodes that only a farmspec names; `undefined` if there is nobody to ask. */
  readonly confirmOpenNode: ConfirmOpenNode | undefined;
  readonly trust: Pick<NodeTrustOptions, "authorities" | "keys">;
  readonly tell: FarmListener;
  /** What happens to the nodes, in order. */
  readonly onEvent: (event: NodeEvent) => void;
}

/**
 * The nodes of one job. It takes them from their sources, chooses the job's Blender version among those found at the
 * start, and continues looking while the job runs. The caller owns it: disposing frees every node.
 */
export class Fleet implements AsyncDisposable, CompanionHost {
  readonly #options: FleetOptions;
  readonly #pool: NodePool;
  readonly #versionGate: VersionGate;
  readonly #openNodes: OpenNodes;
  readonly #warnings = new Set<string>();
  readonly #stop = new AbortController();
  readonly #hosts = new Set<string>();
  #wasSeenAgain = false;
  #joining: Promise<void> = Promise.resolve();
  #giveOrder: (order: JobOrder) => void = () => {};
  #released: Promise<void> | undefined;

  constructor(options: FleetOptions) {
    const { versionRules, knownNodes, confirmOpenNode: confirm, trust, onEvent } = options;
    const tell = (event: FarmEvent) => this.tell(event);
    const openNodes = new OpenNodes({ confirm, knownNodes, tell });
    this.#options = options;
    this.#openNodes = openNodes;
    this.#versionGate = new VersionGate(versionRules);
    this.#pool = new NodePool({
      order: new Promise((resolve) => {
        this.#giveOrder = resolve;
      }),
      ...{ openNodes, onEvent },
      versionGate: this.#versionGate,
      trust: new NodeTrust({ knownNodes, openNodes, ...trust }),
      tell,
      signal: this.#stop.signal,
    });
  }

  /**
   * Looks for nodes until those that were found have answered, and chooses the Blender version of the job.
   *
   * @throws {FarmError} `FARM_NO_NODE` or `FARM_NO_BLENDER` if no node can render this; `FARM_NODE_OPEN` if a farmspec
   * names an open node and there is nobody to ask about it; the signal's reason
   */
  async chooseVersion(signal: AbortSignal): Promise<string> {
    const { fallback } = this.#options;
    await this.#look(signal);
    while (await this.#askAboutOpenNodes(signal)) await orAborted(this.#pool.firstTriesOver(), signal);
    const isWanted = fallback?.when === "none-usable" ? this.#versionGate.size === 0 : this.size === 0;
    if (fallback && isWanted) await this.#lookInFallback(fallback.source, signal);
    do await this.#everyoneAnswered(signal);
    while (await this.#askAboutOpenNodes(signal));
    this.#openNodes.close();
    this.#versionGate.close();
    const version = await this.#versionGate.decided;
    if (version === undefined) throw noUsableNode([...problemsOf(this.#pool.nodes), ...this.#versionGate.exclusions]);
    if (!(fallback && isWanted)) this.#joinCompanion();
    return version;
  }

  /** The job's id is known: nodes may now be claimed for it. */
  begin(order: JobOrder): void {
    this.#giveOrder(order);
  }

  /** Warnings given while looking for nodes, for the summary. */
  get warnings(): readonly string[] {
    return [...this.#warnings];
  }

  /** Whether any node that was found may still take part. */
  get isAlive(): boolean {
    return isAnyAlive(this.#pool.nodes);
  }

  /** Whether any node has the job now. */
  get isClaimed(): boolean {
    return isAnyClaimed(this.#pool.nodes);
  }

  /** See `loadErrorOf`. */
  get loadError(): FarmError | undefined {
    return loadErrorOf(this.#pool.nodes);
  }

  nameOf(node: NodeId): string {
    return this.#pool.nameOf(node);
  }

  infoOf(node: NodeId): ReturnType<NodePool["infoOf"]> {
    return this.#pool.infoOf(node);
  }

  get size(): number {
    return this.#pool.size;
  }

  get hosts(): readonly string[] {
    return [...this.#hosts];
  }

  exclusionOf(blender: string): string | undefined {
    return this.#versionGate.exclusionOf(blender);
  }

  add(candidate: Candidate): void {
    for (const { host } of candidate.sighting.addresses) this.#hosts.add(host);
    const sizeBefore = this.size;
    this.#pool.add(candidate);
    if (this.size === sizeBefore) this.#wasSeenAgain = true;
  }

  isKnown(node: NodeId): boolean {
    return this.#options.knownNodes.isKnown(node) || this.#pool.infoOf(node) !== undefined;
  }

  exclude(node: NodeId, reason: FarmError): void {
    this.#pool.exclude(node, reason);
  }

  fail(error: unknown): void {
    this.#options.onEvent({ type: "broken", error });
  }

  tell(event: FarmEvent): void {
    if (event.type === "warning" && this.#warnings.size < mostWarnings) {
      this.#warnings.add(event.name === null ? event.message : `${event.message} (${event.name})`);
    }
    this.#options.tell(event);
  }

  /** Frees every node and ends what the sources started. Idempotent. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#released ??= this.#release();
    return this.#released;
  }

  async #release(): Promise<void> {
    this.#stop.abort(new Error("The job has ended"));
    await this.#pool.ended();
    const { sources, fallback, companion } = this.#options;
    const others = [...(fallback ? [fallback.source] : []), ...(companion ? [companion] : [])];
    await this.#joining;
    await Promise.all([...sources, ...others].map((source) => source.close()));
  }

  /** In the background: the job begins with the nodes that were found. */
  #joinCompanion(): void {
    const { signal } = this.#stop;
    const { companion } = this.#options;
    if (companion === null) return;
    this.#joining = companion.join(this, signal).catch((error: unknown) => {
      if (!signal.aborted) this.fail(error);
    });
  }

  /** All sources look at once. Waits for a later one only if no node of an earlier one can be used. */
  async #look(signal: AbortSignal): Promise<void> {
    const looks = this.#options.sources.map((source) => source.look(this, signal));
    for (const look of looks) look.catch(() => {}); // awaited below, if at all
    for (const [index, look] of looks.entries()) {
      await look;
      if (looks.length === 1) return;
      if (index === 0) await orAborted(this.#pool.firstTriesOver(), signal);
      if (this.#versionGate.size > 0 || !this.isAlive) return;
    }
    // The connector of a node that was seen at another address may be connecting there.
    for (let waitedMs = 0; this.#wasSeenAgain && waitedMs < seenElsewhereWithinMs; waitedMs += lookEveryMs) {
      if (this.#versionGate.size > 0 || !this.isAlive) return;
      await systemClock.sleep(lookEveryMs, signal);
    }
  }

  /** @throws {FarmError} What is wrong with the nodes that were found, if the fallback has no Blender either */
  async #lookInFallback(source: NodeSource, signal: AbortSignal): Promise<void> {
    const problems = problemsOf(this.#pool.nodes);
    try {
      await source.look(this, signal);
    } catch (error) {
      signal.throwIfAborted();
      const isWithoutBlender = error instanceof FarmError && error.code === "FARM_NO_BLENDER";
      throw isWithoutBlender && problems.length > 0 ? noUsableNode(problems) : error;
    }
    if (this.#options.fallback?.when === "none-usable") this.tell({ type: "discovery:scanned", nodes: 0 });
  }

  /** Waits until every node has answered; once some are ready, only a little longer for the others. */
  async #everyoneAnswered(signal: AbortSignal): Promise<void> {
    const over = new AbortController();
    const waiting = AbortSignal.any([signal, over.signal]);
    const timeout = async () => {
      while (this.#versionGate.size === 0) await systemClock.sleep(lookEveryMs, waiting);
      await systemClock.sleep(silentAtMostMs, waiting);
    };
    const everyone = Promise.race([this.#pool.firstTriesOver(), timeout()]);
    everyone.catch(() => {}); // awaited below, unless the time is over
    try {
      await orAborted(everyone, signal);
    } finally {
      over.abort();
    }
  }

  /** @returns Whether some open nodes may be used now, and are dialled again */
  async #askAboutOpenNodes(signal: AbortSignal): Promise<boolean> {
    const confirmed = await this.#openNodes.ask(signal);
    for (const candidate of confirmed) this.#pool.addAgain(candidate);
    return confirmed.length > 0;
  }
}
