import { backOffMs } from "../../core/back-off.ts";
import { FarmError } from "../../core/errors.ts";
import type { NodeId, Sighting } from "../../core/node.ts";
import { LoadFailedError } from "../../session/load-failed.ts";
import type { NodeReport, NodeSession } from "../../session/node-session.ts";
import type { JobOpened, NodeInfo, SceneInfo } from "../../session/protocol.ts";
import type { Blob } from "../../session/upload.ts";
import { BlendSupply } from "./blend-supply.ts";
import { type ConnectHost, type Contact, connectNode } from "./connect-node.ts";
import { ReportBuffer } from "./report-buffer.ts";

const busyAgainMs = 5_000;
const closingTimeoutMs = 3_000;
/** A node that was taken this often, in a row, and never got on is left out: something is wrong with it. */
const fruitlessClaims = 10;

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

/** A node that has the job and its blendfile, on a link that lives. */
export interface JoinedNode {
  readonly session: NodeSession;
  readonly opened: JobOpened;
  readonly scene: SceneInfo;
}

/** What a keeper asks of the farm and tells it. */
export interface ConnectorHost extends ConnectHost {
  /** Known once the job's Blender version is chosen, so after the first node was admitted. */
  readonly order: Promise<JobOrder>;
  /** The node has proved itself. @returns Why it is left out, or `undefined` */
  admit(session: NodeSession, contact: Contact): Promise<string | undefined>;
  /** A try has come to its end, good or bad; the first one matters to who counts the nodes. */
  onTried(sighting: Sighting, problem: FarmError | undefined): void;
  onBusy(info: NodeInfo, holder: string): void;
  /** The node has taken the job, and will be set free. */
  onTaken(info: NodeInfo): void;
  onFreed(info: NodeInfo): void;
  onUpload(info: NodeInfo, haveBytes: number): void;
  /** The node has lost the blendfile, which is sent again now. @param why In the node's words */
  onResend(info: NodeInfo, why: string): void;
  onJoined(node: JoinedNode): void;
  onReport(node: NodeId, report: NodeReport): void;
  onLost(info: NodeInfo, reason: FarmError): void;
  /** The node takes no part in this job any more. */
  onExcluded(sighting: Sighting, reason: FarmError): void;
}

/**
 * Keeps one node in the job: dials it, greets it, brings it the blendfile, and does so again, with growing pauses,
 * whenever the link is lost. It ends when the job does or when the node is left out.
 */
export class NodeConnector {
  readonly #host: ConnectorHost;
  readonly #signal: AbortSignal;
  readonly #leaving = new AbortController();
  #sighting: Sighting;
  #wakeEarly: (() => void) | undefined;
  /** One for all links of the job: it counts how often the node has lost the blendfile. */
  #supply: BlendSupply | undefined;
  /** How often in a row the node was taken for the job and neither took bytes of the blendfile nor joined. */
  #fruitless = 0;

  constructor(host: ConnectorHost, sighting: Sighting, signal: AbortSignal) {
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
          this.#host.onExcluded(sighting, error);
          return;
        }
        failures += 1;
        if (this.#sighting !== sighting) continue; // it was seen again while we tried: look there at once
      }
      await this.#pause(backOffMs(failures));
    }
    if (this.#leaving.signal.aborted) this.#host.onExcluded(this.#sighting, this.#leaving.signal.reason);
  }

  /** From dialling until the link is lost. */
  async #serve(sighting: Sighting): Promise<void> {
    const buffer = new ReportBuffer();
    let pass = (report: NodeReport): void => buffer.add(report);
    const met = await connectNode(this.#host, sighting, (report) => pass(report), this.#signal);
    await using session = met.session;
    const { info } = session;
    const admission = this.#host.admit(session, met.contact);
    this.#host.onTried(sighting, undefined);
    const refusal = await this.#while(session, admission);
    if (refusal !== undefined) throw excluded(info, refusal);
    const order = await this.#while(session, this.#host.order);
    const opened = await this.#openJob(session, order);
    this.#host.onTaken(info);
    try {
      const supply = this.#supplyFor(order);
      const scene = await this.#load(session, supply);
      this.#fruitless = 0;
      this.#host.onJoined({ session, opened, scene });
      const outOfBlend = new Promise<never>((_resolve, reject) => {
        pass = (report) => {
          this.#host.onReport(info.node, report);
          supply.answer(session, report).catch(reject);
        };
      });
      outOfBlend.catch(() => {}); // the link may be over before anybody waits for it
      // What the node said while it was loading comes after its joining, in the order in which it was said.
      for (const report of buffer.take()) pass(report);
      await this.#while(session, outOfBlend).catch((reason: unknown) => this.#tellLost(info, reason));
    } finally {
      this.#host.onFreed(info);
      // While the link lives, the node is set free for others at once, not after its waiting time.
      await session.closeJob(order.job, AbortSignal.timeout(closingTimeoutMs)).catch(() => {});
    }
  }

  /**
   * Tells that the node is lost, unless the job is over.
   *
   * @throws {FarmError} If trying the node again cannot help; any other error is a bug
   */
  #tellLost(info: NodeInfo, reason: unknown): void {
    if (!(reason instanceof FarmError)) {
      if (this.#signal.aborted) return;
      throw reason;
    }
    this.#host.onLost(info, reason);
    if (isFinal(reason)) throw reason;
  }

  #supplyFor({ job, blob, scene, colorMode, allowScripts }: JobOrder): BlendSupply {
    const request = { job, blend: blob.sha256, scene, colorMode, allowScripts };
    const onResend = (info: NodeInfo, why: string) => this.#host.onResend(info, why);
    this.#supply ??= new BlendSupply({ blob, request, onResend, signal: this.#signal });
    return this.#supply;
  }

  /** @throws {FarmError} Why it cannot be; final when the node never gets on, however often it is tried */
  async #load(session: NodeSession, supply: BlendSupply): Promise<SceneInfo> {
    const onUpload = (haveBytes: number) => {
      this.#fruitless = 0;
      this.#host.onUpload(session.info, haveBytes);
    };
    this.#fruitless += 1;
    try {
      return await supply.load(session, onUpload);
    } catch (error) {
      if (this.#fruitless < fruitlessClaims || !(error instanceof FarmError)) throw error;
      throw neverGetsOn(session.info, error);
    }
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
    const ends = [this.#signal, session.ended];
    for (const end of ends) end.throwIfAborted();
    const waiting = new AbortController();
    const interruption = new Promise<never>((_resolve, reject) => {
      const once = { once: true, signal: waiting.signal };
      for (const end of ends) end.addEventListener("abort", () => reject(end.reason), once);
    });
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
    error.code === "FARM_LOAD_FAILED" ||
    error.code === "FARM_KEY_UNUSABLE" ||
    error.code === "FARM_CERTIFICATE_REFUSED" ||
    error.code === "FARM_NODE_EXCLUDED" ||
    error.code === "FARM_NODE_OPEN" ||
    error.code === "FARM_BLEND_REJECTED" ||
    error.code === "FARM_BAD_INPUT"
  );
}

function excluded(info: NodeInfo, refusal: string): FarmError {
  return new FarmError(
    "FARM_NODE_EXCLUDED",
    `Cannot use ${info.name}: ${refusal}`,
    "Other nodes take its frames; --blender-version and --mix-versions change the rule",
  );
}

function neverGetsOn(info: NodeInfo, last: FarmError): FarmError {
  return new FarmError(
    "FARM_NODE_EXCLUDED",
    `Cannot use ${info.name}: it was lost ${fruitlessClaims} times before it had opened the blendfile; the last time: ${last.message}`,
    "Look at what that node printed",
    { cause: last },
  );
}
