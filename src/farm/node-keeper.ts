import { FarmError } from "../core/errors.ts";
import type { FarmKey } from "../core/farm-key.ts";
import type { NodeAddress, NodeId, Sighting } from "../core/node.ts";
import type { Claim } from "../session/greeting.ts";
import type { Dial, Link, TlsDemand } from "../session/link.ts";
import { LoadFailedError } from "../session/load-failed.ts";
import { type NodeReport, NodeSession } from "../session/node-session.ts";
import type { JobOpened, NodeInfo, SceneInfo } from "../session/protocol.ts";
import type { Blob } from "../session/upload.ts";
import { backOffMs } from "./back-off.ts";

const busyAgainMs = 5_000;
const closingTimeoutMs = 3_000;

/** What every keeper of a job needs to know of it. */
export interface JobOrder {
  readonly job: string;
  /** Who has the nodes, in words for the people at other machines. */
  readonly holder: string;
  readonly blob: Blob;
  readonly scene: string | null;
  readonly colorMode: "RGB" | null;
  /** Whether scripts in the blendfile may run where the node allows it. */
  readonly allowScripts: boolean;
}

/** How a node was met: what it claims of itself, and on which link. */
export interface Meeting {
  readonly claim: Claim;
  readonly sighting: Sighting;
  readonly address: NodeAddress;
  /** SHA-256 of its certificate, 64 hexadecimal digits; `undefined` on a link in clear. */
  readonly certificate: string | undefined;
}

/** A node that has the job and its blendfile, on a link that lives. */
export interface JoinedNode {
  readonly session: NodeSession;
  readonly opened: JobOpened;
  readonly scene: SceneInfo;
}

/** What a keeper asks of the farm and tells it. */
export interface KeeperHost {
  /** Known once the job's Blender version is chosen, so after the first node was admitted. */
  readonly order: Promise<JobOrder>;
  readonly dial: Dial;
  /** What a node must show before anything is said to it; `undefined` dials in clear. */
  demandTls(sighting: Sighting, address: NodeAddress): TlsDemand | undefined;
  /** Nothing was proved yet. @throws {FarmError} When the node is not to be trusted */
  chooseKey(meeting: Meeting): FarmKey;
  /** The node has proved itself. @returns Why it is left out, or `undefined` */
  admit(info: NodeInfo, meeting: Meeting): Promise<string | undefined>;
  /** A try has come to its end, good or bad; the first one matters to who counts the nodes. */
  onTried(sighting: Sighting, problem: FarmError | undefined): void;
  onBusy(info: NodeInfo, holder: string): void;
  onUpload(info: NodeInfo, haveBytes: number): void;
  onJoined(node: JoinedNode): void;
  onReport(node: NodeId, report: NodeReport): void;
  onLost(info: NodeInfo, reason: FarmError): void;
  /** The node takes no part in this job any more. */
  onLeftOut(sighting: Sighting, reason: FarmError): void;
}

/**
 * Keeps one node in the job: dials it, greets it, brings it the blendfile, and does so again, with growing pauses,
 * whenever the link is lost. It ends when the job does or when the node is left out.
 */
export class NodeKeeper {
  readonly #host: KeeperHost;
  readonly #signal: AbortSignal;
  readonly #leaving = new AbortController();
  #sighting: Sighting;
  #wakeEarly: (() => void) | undefined;

  constructor(host: KeeperHost, sighting: Sighting, signal: AbortSignal) {
    this.#host = host;
    this.#sighting = sighting;
    this.#signal = AbortSignal.any([signal, this.#leaving.signal]);
  }

  /** Leaves the node out of the job from now on, with the reason for its owner. */
  leave(reason: FarmError): void {
    this.#leaving.abort(reason);
  }

  /** The node was seen again, perhaps elsewhere: do not sit out a pause. */
  sawAgain(sighting: Sighting): void {
    this.#sighting = sighting;
    this.#wakeEarly?.();
  }

  /** @throws Only errors that are bugs */
  async run(): Promise<void> {
    let failures = 0;
    while (!this.#signal.aborted) {
      const sighting = this.#sighting;
      try {
        await this.#serve(sighting);
        failures = 0;
      } catch (error) {
        if (this.#signal.aborted) break;
        if (!(error instanceof FarmError)) throw error;
        this.#host.onTried(sighting, error);
        if (isFinal(error)) {
          this.#host.onLeftOut(sighting, error);
          return;
        }
        failures += 1;
        if (this.#sighting !== sighting) continue; // it was seen again while we tried: look there at once
      }
      await this.#pause(backOffMs(failures));
    }
    if (this.#leaving.signal.aborted) this.#host.onLeftOut(this.#sighting, this.#leaving.signal.reason);
  }

  /** From dialling until the link is lost. */
  async #serve(sighting: Sighting): Promise<void> {
    const { link, address } = await this.#reach(sighting);
    const early: NodeReport[] = [];
    let pass = (report: NodeReport): void => void early.push(report);
    const certificate = link.tlsFingerprint.length > 0 ? link.tlsFingerprint.toString("hex") : undefined;
    let meeting: Meeting | undefined;
    await using session = await NodeSession.open({
      link,
      expectedNode: sighting.id,
      chooseKey: (claim) => {
        meeting = { claim, sighting, address, certificate };
        return this.#host.chooseKey(meeting);
      },
      onReport: (report) => pass(report),
      signal: this.#signal,
    });
    const { info } = session;
    if (!meeting) throw new Error("A session was opened without a key having been chosen");
    const admission = this.#host.admit(info, meeting);
    this.#host.onTried(sighting, undefined);
    const refusal = await this.#while(session, admission);
    if (refusal !== undefined) throw leftOut(info, refusal);
    const order = await this.#while(session, this.#host.order);
    const opened = await this.#openJob(session, order);
    try {
      const scene = await this.#load(session, order);
      this.#host.onJoined({ session, opened, scene });
      // What the node said while it was loading comes after its joining, in the order in which it was said.
      for (const report of early) this.#host.onReport(info.node, report);
      pass = (report) => this.#host.onReport(info.node, report);
      await this.#while(session, new Promise<never>(() => {})).catch((reason: unknown) => {
        if (reason instanceof FarmError) this.#host.onLost(info, reason);
      });
    } finally {
      // While the link lives, the node is set free for others at once, not after its waiting time.
      await session.closeJob(order.job, AbortSignal.timeout(closingTimeoutMs)).catch(() => {});
    }
  }

  async #load(session: NodeSession, order: JobOrder): Promise<SceneInfo> {
    const { job, blob, scene, colorMode, allowScripts } = order;
    await session.sendBlob(blob, (haveBytes) => this.#host.onUpload(session.info, haveBytes), this.#signal);
    return await session.loadJob({ job, blend: blob.sha256, scene, colorMode, allowScripts }, this.#signal);
  }

  async #reach(sighting: Sighting): Promise<{ link: Link; address: NodeAddress }> {
    let problem: unknown;
    for (const address of sighting.addresses) {
      try {
        const tls = this.#host.demandTls(sighting, address);
        return { link: await this.#host.dial(address, this.#signal, tls), address };
      } catch (error) {
        if (this.#signal.aborted) throw error;
        problem ??= error; // of the first address: it is the best one
      }
    }
    throw problem;
  }

  async #openJob(session: NodeSession, { job, holder }: JobOrder): Promise<JobOpened> {
    for (let isFirst = true; ; isFirst = false) {
      const answer = await session.openJob(job, holder, undefined, this.#signal);
      if (answer.type === "job-opened") return answer;
      if (isFirst) this.#host.onBusy(session.info, answer.holder);
      await this.#while(session, this.#pause(busyAgainMs));
    }
  }

  /** Waits for something, as long as the link and the job last. @throws Why the link was lost, or the signal's reason */
  async #while<T>(session: NodeSession, promise: Promise<T>): Promise<T> {
    this.#signal.throwIfAborted();
    const waiting = new AbortController();
    const interruption = new Promise<never>((_resolve, reject) => {
      const onAbort = () => reject(this.#signal.reason);
      this.#signal.addEventListener("abort", onAbort, { once: true, signal: waiting.signal });
      session.closed.then((reason) => reject(reason ?? new Error("The session was closed")), reject);
    });
    interruption.catch(() => {}); // nobody waits for it once `promise` has come
    try {
      return await Promise.race([promise, interruption]);
    } finally {
      waiting.abort();
    }
  }

  /** Waits, until the signal is aborted or the node was seen again. */
  #pause(durationMs: number): Promise<void> {
    if (this.#signal.aborted) return Promise.resolve(); // no event tells of what was before
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.#signal.removeEventListener("abort", done);
        if (this.#wakeEarly === done) this.#wakeEarly = undefined; // a later pause may have begun
        resolve();
      };
      const timer = setTimeout(done, durationMs);
      this.#signal.addEventListener("abort", done, { once: true });
      this.#wakeEarly = done;
    });
  }
}

/** Whether trying again cannot help: the rule that left the node out stands as long as the job does. */
export function isFinal(error: FarmError): boolean {
  return (
    error instanceof LoadFailedError ||
    error.code === "FARM_KEY_UNUSABLE" ||
    error.code === "FARM_CERTIFICATE_REFUSED" ||
    error.code === "FARM_NODE_REFUSED" ||
    error.code === "FARM_BLEND_REJECTED" ||
    error.code === "FARM_BAD_INPUT"
  );
}

function leftOut(info: NodeInfo, refusal: string): FarmError {
  return new FarmError(
    "FARM_NODE_REFUSED",
    `Cannot use ${info.name}: ${refusal}`,
    "Other nodes take its frames; --blender-version and --mix-versions change the rule",
  );
}
