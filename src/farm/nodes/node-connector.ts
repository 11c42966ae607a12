import { backOffMs } from "../../core/back-off.ts";
import { systemClock } from "../../core/clock.ts";
import { FarmError } from "../../core/errors.ts";
import type { NodeId } from "../../core/node.ts";
import { orAborted } from "../../core/time-limit.ts";
import type { NodeReport } from "../../session/node-report.ts";
import type { NodeSession } from "../../session/node-session.ts";
import type { JobOpened, NodeInfo, SceneInfo } from "../../session/protocol.ts";
import { LinkLostError } from "../../session/session-errors.ts";
import type { FarmEventMap } from "../events.ts";
import type { JoinedNode } from "../worker.ts";
import { type ConnectHost, type Contact, connectNode } from "./connect-node.ts";
import { excludedBy, fruitlessClaims, isFinal, neverGetsOn } from "./connector-errors.ts";
import type { JobOrder } from "./job-order.ts";
import type { NodeEvent } from "./node-event.ts";
import type { Candidate } from "./node-source.ts";
import { refuseLacking } from "./refuse-lacking.ts";
import { ReportBuffer } from "./report-buffer.ts";
import { BlendSupply } from "./supply/blend-supply.ts";
import { FrameSupply } from "./supply/frame-supply.ts";
import type { FileTarget } from "./supply/send-files.ts";
import { Sending, type SendingState } from "./supply/sending.ts";
import { SuppliedWorker } from "./supply/supplied-worker.ts";

const busyAgainMs = 5_000;
const closingTimeoutMs = 3_000;

/** What happens to one node, in order. */
export type ConnectorEvent =
  /** It was reached and has authenticated itself. */
  | { readonly type: "connected" }
  /** It could not be reached; the connector will try again. */
  | { readonly type: "unreachable"; readonly candidate: Candidate; readonly problem: FarmError }
  | ({ readonly type: "busy" } & FarmEventMap["node:busy"])
  | { readonly type: "claimed" }
  /** The blendfile or files are being sent to it. */
  | { readonly type: "sending"; readonly node: NodeId; readonly name: string; readonly state: SendingState }
  | Extract<NodeEvent, { type: "delayed" }>
  /** It has lost the blendfile, which is now sent again. `why` is the node's reason. */
  | { readonly type: "resending"; readonly info: NodeInfo; readonly why: string }
  | { readonly type: "joined"; readonly node: JoinedNode }
  | { readonly type: "lost"; readonly info: NodeInfo; readonly why: string }
  /** It is released, as the job or its link has ended. */
  | { readonly type: "freed" }
  /** It takes no part in this job from now on. */
  | { readonly type: "excluded"; readonly candidate: Candidate; readonly reason: FarmError };

/** What a connector asks of the node pool and reports to it. */
export interface ConnectorHost {
  /** Resolves once the job's Blender version is chosen, so after the first node was admitted. */
  readonly order: Promise<JobOrder>;
  /** The trust rules. */
  readonly trust: ConnectHost;
  /** The node has authenticated itself. @returns Why it is excluded, or `undefined` */
  admit(session: NodeSession, contact: Contact): Promise<string | undefined>;
  onEvent(event: ConnectorEvent): void;
  /** Called with each report of the node after it has joined. */
  onReport(node: NodeId, report: NodeReport): void;
}

/**
 * Keeps one node in the job: connects to it, authenticates, and sends it the blendfile. Whenever the link is lost, it
 * does so again, with growing pauses. It ends when the job ends or the node is excluded.
 */
export class NodeConnector {
  readonly #host: ConnectorHost;
  readonly #signal: AbortSignal;
  readonly #leaving = new AbortController();
  #candidate: Candidate;
  #wakeEarly: (() => void) | undefined;
  /** Shared by all links of the job: it counts how often the node has lost the blendfile. */
  #supply: BlendSupply | undefined;
  /** How often in a row the node was claimed, but neither received bytes of the blendfile nor joined. */
  #fruitless = 0;

  constructor(host: ConnectorHost, candidate: Candidate, signal: AbortSignal) {
    this.#host = host;
    this.#candidate = candidate;
    this.#signal = AbortSignal.any([signal, this.#leaving.signal]);
  }

  /** @param reason Shown to the user */
  exclude(reason: FarmError): void {
    this.#leaving.abort(reason);
  }

  /** The node was seen again, perhaps at another address: ends a pause. */
  sawAgain(candidate: Candidate): void {
    this.#candidate = candidate;
    this.#wakeEarly?.();
  }

  /** @throws Only bugs */
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
        if (this.#candidate !== candidate) continue; // it was seen again meanwhile: connect there at once
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
      const target = this.#targetFor(session, order, whileLinked);
      const scene = await this.#load(supply, target);
      if (!order.allowMissing) refuseLacking(info, scene);
      this.#fruitless = 0;
      const frameSupply = FrameSupply.of(target, order);
      const worker = frameSupply === undefined ? session : this.#supplied(session, frameSupply);
      host.onEvent({ type: "joined", node: { worker, opened, scene } });
      const outOfFiles = new Promise<never>((_resolve, reject) => {
        pass = (report) => {
          if (report.type === "job-sampled" && report.files !== supply.files) return; // files were missing there
          host.onReport(info.node, report);
          supply.answer(session, report).catch(reject);
        };
        frameSupply?.run().catch(reject);
      });
      outOfFiles.catch(() => {}); // the link may end before this is awaited
      // Reports that came while the node was loading follow its joining, in their order.
      for (const report of buffer.take()) pass(report);
      await orAborted(outOfFiles, whileLinked).catch((reason: unknown) => this.#tellLost(info, reason));
    } finally {
      host.onEvent({ type: "freed" });
      // Over a live link, the node is free for other jobs at once, instead of after its waiting time.
      await session.closeJob(order.job, AbortSignal.timeout(closingTimeoutMs)).catch(() => {});
    }
  }

  /**
   * Reports that the node is lost, unless the job is over.
   *
   * @throws {FarmError} If trying the node again cannot help; any other error is a bug
   */
  #tellLost(info: NodeInfo, reason: unknown): void {
    if (!(reason instanceof FarmError)) {
      if (this.#signal.aborted) return;
      throw reason;
    }
    this.#host.onEvent({ type: "lost", info, why: reason instanceof LinkLostError ? reason.why : reason.message });
    if (isFinal(reason)) throw reason;
  }

  #supplyFor({ job, blob, files, scene, colorMode, allowScripts, ...how }: JobOrder): BlendSupply {
    const { simulations, sampleFrom, overrides, addons: given } = how;
    const pictures = { ...how.pictures, formats: [...how.pictures.formats] };
    const asked = { scene, colorMode, allowScripts, simulations, sampleFrom, overrides, pictures };
    const request = { job, blend: blob.sha256, ...asked, ...(given.length > 0 && { addons: [...given] }) };
    const onResend = (info: NodeInfo, why: string) => this.#host.onEvent({ type: "resending", info, why });
    this.#supply ??= new BlendSupply({ blob, files, request, onResend, signal: this.#signal });
    return this.#supply;
  }

  #targetFor(session: NodeSession, { files }: JobOrder, signal: AbortSignal): FileTarget {
    const { node, name } = session.info;
    const sending = new Sending(systemClock, (state, hasMoved) => {
      if (hasMoved) this.#fruitless = 0;
      this.#host.onEvent({ type: "sending", node, name, state });
    });
    return { session, files, isLocal: this.#candidate.isLocal === true, sending, signal };
  }

  #supplied(session: NodeSession, supply: FrameSupply): SuppliedWorker {
    const { node } = session.info;
    return new SuppliedWorker({
      ...{ session, supply },
      onReport: (report) => this.#host.onReport(node, report),
      onDelay: (frame, attempt) => this.#host.onEvent({ type: "delayed", node, frame, attempt }),
    });
  }

  /** @throws {FarmError} Why the node cannot load the blendfile; final if it was claimed too often without progress */
  async #load(supply: BlendSupply, target: FileTarget): Promise<SceneInfo> {
    this.#fruitless += 1;
    try {
      return await supply.load(target);
    } catch (error) {
      if (this.#fruitless < fruitlessClaims || !(error instanceof FarmError)) throw error;
      throw neverGetsOn(target.session.info, error);
    }
  }

  async #openJob(session: NodeSession, { job, title }: JobOrder, whileLinked: AbortSignal): Promise<JobOpened> {
    for (let isFirst = true; ; isFirst = false) {
      const answer = await session.openJob(job, title, this.#signal);
      if (answer.type === "job-opened") return answer;
      const { node, name } = session.info;
      const { holder, name: other = null } = answer;
      if (isFirst) this.#host.onEvent({ type: "busy", node, name, holder, job: other });
      await orAborted(this.#pause(busyAgainMs), whileLinked);
    }
  }

  /** Waits until the time is over, the signal is aborted, or the node is seen again. */
  #pause(durationMs: number): Promise<void> {
    if (this.#signal.aborted) return Promise.resolve(); // its event has come and gone
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.#signal.removeEventListener("abort", done);
        if (this.#wakeEarly === done) this.#wakeEarly = undefined; // unless a later pause has started
        resolve();
      };
      const timer = setTimeout(done, durationMs);
      this.#signal.addEventListener("abort", done, { once: true });
      this.#wakeEarly = done;
    });
  }
}
