import { backOffMs } from "../../core/back-off.ts";
import { FarmError } from "../../core/errors.ts";
import type { NodeId } from "../../core/node.ts";
import { orAborted } from "../../core/time-limit.ts";
import { LoadFailedError } from "../../session/load-failed.ts";
import type { NodeReport } from "../../session/node-report.ts";
import type { NodeSession } from "../../session/node-session.ts";
import type { JobOpened, NodeInfo, SceneInfo } from "../../session/protocol.ts";
import type { Blob } from "../../session/upload.ts";
import type { JoinedNode } from "../worker.ts";
import { BlendSupply } from "./blend-supply.ts";
import { type ConnectHost, type Contact, connectNode } from "./connect-node.ts";
import type { Candidate } from "./node-source.ts";
import { ReportBuffer } from "./report-buffer.ts";

const busyAgainMs = 5_000;
const closingTimeoutMs = 3_000;
/** A node that was claimed this often in a row without getting on is excluded. */
const fruitlessClaims = 10;

/** What every connector of a job needs to know of it. */
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

/** What happens to one node, in order. */
export type ConnectorEvent =
  /** It has proved itself: the try to reach it succeeded. */
  | { readonly type: "connected" }
  /** A try failed, and there will be another. */
  | { readonly type: "unreachable"; readonly candidate: Candidate; readonly problem: FarmError }
  | { readonly type: "busy"; readonly info: NodeInfo; readonly holder: string }
  | { readonly type: "claimed" }
  | { readonly type: "uploading"; readonly info: NodeInfo; readonly haveBytes: number }
  /** It has lost the blendfile, which is sent again now. `why` is in the node's words. */
  | { readonly type: "resending"; readonly info: NodeInfo; readonly why: string }
  | { readonly type: "joined"; readonly node: JoinedNode }
  | { readonly type: "lost"; readonly info: NodeInfo; readonly reason: FarmError }
  /** It is set free, at the end of the job or of its link. */
  | { readonly type: "freed" }
  /** It takes no part in this job any more. */
  | { readonly type: "excluded"; readonly candidate: Candidate; readonly reason: FarmError };

/** What a connector asks of the farm and tells it. */
export interface ConnectorHost {
  /** Known once the job's Blender version is chosen, so after the first node was admitted. */
  readonly order: Promise<JobOrder>;
  /** The rules of trust. */
  readonly trust: ConnectHost;
  /** The node has proved itself. @returns Why it is excluded, or `undefined` */
  admit(session: NodeSession, contact: Contact): Promise<string | undefined>;
  onEvent(event: ConnectorEvent): void;
  /** What the node says of its own accord after it has joined. */
  onReport(node: NodeId, report: NodeReport): void;
}

/**
 * Keeps one node in the job: dials it, greets it, sends it the blendfile, and does so again, with growing pauses, whenever
 * the link is lost. Ends when the job does or when the node is excluded.
 */
export class NodeConnector {
  readonly #host: ConnectorHost;
  readonly #signal: AbortSignal;
  readonly #leaving = new AbortController();
  #candidate: Candidate;
  #wakeEarly: (() => void) | undefined;
  /** One for all links of the job: it counts how often the node has lost the blendfile. */
  #supply: BlendSupply | undefined;
  /** How often in a row the node was claimed and neither took bytes of the blendfile nor joined. */
  #fruitless = 0;

  constructor(host: ConnectorHost, candidate: Candidate, signal: AbortSignal) {
    this.#host = host;
    this.#candidate = candidate;
    this.#signal = AbortSignal.any([signal, this.#leaving.signal]);
  }

  /** @param reason For the node's owner */
  exclude(reason: FarmError): void {
    this.#leaving.abort(reason);
  }

  /** The node was seen again, perhaps elsewhere: ends a pause. */
  sawAgain(candidate: Candidate): void {
    this.#candidate = candidate;
    this.#wakeEarly?.();
  }

  /** @throws Only errors that are bugs */
  async run(): Promise<void> {
    let failures = 0;
    while (!this.#signal.aborted) {
      const candidate = this.#candidate;
      try {
        await this.#connect(candidate);
        failures = 0;
      } catch (error) {
        if (this.#signal.aborted) break;
        if (!(error instanceof FarmError)) throw error;
        if (isFinal(error)) {
          this.#host.onEvent({ type: "excluded", candidate, reason: error });
          return;
        }
        this.#host.onEvent({ type: "unreachable", candidate, problem: error });
        failures += 1;
        if (this.#candidate !== candidate) continue; // it was seen again meanwhile: look there at once
      }
      await this.#pause(backOffMs(failures));
    }
    if (this.#leaving.signal.aborted) {
      this.#host.onEvent({ type: "excluded", candidate: this.#candidate, reason: this.#leaving.signal.reason });
    }
  }

  /** From dialling until the link is lost. */
  async #connect(candidate: Candidate, host = this.#host): Promise<void> {
    const buffer = new ReportBuffer();
    let pass = (report: NodeReport): void => buffer.add(report);
    const connected = await connectNode(host.trust, candidate, (report) => pass(report), this.#signal);
    await using session = connected.session;
    const { info } = session;
    const whileLinked = AbortSignal.any([this.#signal, session.ended]);
    const admission = host.admit(session, connected.contact);
    host.onEvent({ type: "connected" });
    const exclusion = await orAborted(admission, whileLinked);
    if (exclusion !== undefined) throw excludedBy(info, exclusion);
    const order = await orAborted(host.order, whileLinked);
    const opened = await this.#openJob(session, order, whileLinked);
    host.onEvent({ type: "claimed" });
    try {
      const supply = this.#supplyFor(order);
      const scene = await this.#load(session, supply);
      this.#fruitless = 0;
      host.onEvent({ type: "joined", node: { worker: session, opened, scene } });
      const outOfBlend = new Promise<never>((_resolve, reject) => {
        pass = (report) => {
          host.onReport(info.node, report);
          supply.answer(session, report).catch(reject);
        };
      });
      outOfBlend.catch(() => {}); // the link may end before anybody waits for it
      // What the node said while it was loading follows its joining, in the order in which it was said.
      for (const report of buffer.take()) pass(report);
      await orAborted(outOfBlend, whileLinked).catch((reason: unknown) => this.#tellLost(info, reason));
    } finally {
      host.onEvent({ type: "freed" });
      // While the link lives, the node is free for others at once, not after its waiting time.
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
    this.#host.onEvent({ type: "lost", info, reason });
    if (isFinal(reason)) throw reason;
  }

  #supplyFor({ job, blob, scene, colorMode, allowScripts }: JobOrder): BlendSupply {
    const request = { job, blend: blob.sha256, scene, colorMode, allowScripts };
    const onResend = (info: NodeInfo, why: string) => this.#host.onEvent({ type: "resending", info, why });
    this.#supply ??= new BlendSupply({ blob, request, onResend, signal: this.#signal });
    return this.#supply;
  }

  /** @throws {FarmError} Why the node cannot load the blendfile; final if it never gets on, however often it is tried */
  async #load(session: NodeSession, supply: BlendSupply): Promise<SceneInfo> {
    const onUpload = (haveBytes: number) => {
      this.#fruitless = 0;
      this.#host.onEvent({ type: "uploading", info: session.info, haveBytes });
    };
    this.#fruitless += 1;
    try {
      return await supply.load(session, onUpload);
    } catch (error) {
      if (this.#fruitless < fruitlessClaims || !(error instanceof FarmError)) throw error;
      throw neverGetsOn(session.info, error);
    }
  }

  async #openJob(session: NodeSession, { job, holder }: JobOrder, whileLinked: AbortSignal): Promise<JobOpened> {
    for (let isFirst = true; ; isFirst = false) {
      const answer = await session.openJob(job, holder, undefined, this.#signal);
      if (answer.type === "job-opened") return answer;
      if (isFirst) this.#host.onEvent({ type: "busy", info: session.info, holder: answer.holder });
      await orAborted(this.#pause(busyAgainMs), whileLinked);
    }
  }

  /** Waits until the time is over, the signal is aborted or the node was seen again. */
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

/** Whether trying again cannot help: the rule that excludes the node stands as long as the job does. */
function isFinal(error: FarmError): boolean {
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

function excludedBy(info: NodeInfo, exclusion: string): FarmError {
  return new FarmError(
    "FARM_NODE_EXCLUDED",
    `Cannot use ${info.name}: ${exclusion}`,
    "Other nodes take its frames; --blender-version and --mix-versions change the rule",
  );
}

function neverGetsOn(info: NodeInfo, last: FarmError): FarmError {
  return new FarmError(
    "FARM_NODE_EXCLUDED",
    `Cannot use ${info.name}: it was lost ${fruitlessClaims} times before it had opened the blendfile; the last time: ${last.message}`,
    "Check what that node printed",
    { cause: last },
  );
}
