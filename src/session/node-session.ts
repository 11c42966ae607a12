import { FarmError } from "../core/errors.ts";
import { Heartbeat } from "./heartbeat.ts";
import type { Link } from "./link.ts";
import { type LoadAnswer, sceneWithin } from "./load-failed.ts";
import { isReport, type NodeReport } from "./node-report.ts";
import { type Asking, NumberedQuestions } from "./numbered-questions.ts";
import { type ConversationOptions, openConversation } from "./open-conversation.ts";
import {
  type FrameResult,
  type FromCoordinator,
  type FromNode,
  type JobOpened,
  type NodeInfo,
  parseFromNode,
  type SceneInfo,
} from "./protocol.ts";
import { Replies } from "./replies.ts";
import type { Seal } from "./seal.ts";
import { badMessage, lostLink } from "./session-errors.ts";
import { sendBundle } from "./transfer/bundle.ts";
import { IncomingTransfers, type Sink } from "./transfer/incoming.ts";
import { decodePiece } from "./transfer/piece.ts";
import { blobWanted, type ReceiveLink, receive, resultWanted } from "./transfer/receive.ts";
import { type Blob, type UploadLink, upload } from "./transfer/upload.ts";

type Busy = Extract<FromNode, { type: "busy" }>;

export interface SessionOptions extends ConversationOptions {
  /** Called with the node's reports in order, never before `open` has returned. */
  readonly onReport: (report: NodeReport) => void;
}

/**
 * One conversation with a render node, from the handshake until the link ends. It has no state of the job, so after a
 * lost link a new session continues the job with `openJob`. The caller must dispose of it: `await using`.
 */
export class NodeSession implements AsyncDisposable {
  readonly info: NodeInfo;
  readonly #link: Link;
  readonly #outgoing: Seal;
  readonly #incoming: Seal;
  readonly #replies = new Replies();
  readonly #transfers = new IncomingTransfers();
  readonly #onReport: (report: NodeReport) => void;
  readonly #heartbeat: Heartbeat;
  readonly #ended = new AbortController();
  readonly #closed: Promise<void>;
  readonly #uploadLink: UploadLink = {
    takeTransfer: () => this.#transfers.takeNumber(),
    send: (message) => this.#send(message),
    sendBytes: (message) => this.#link.send(message),
    reply: (match, limit) => this.#replies.next(match, limit),
  };
  readonly #receiveLink: ReceiveLink = {
    transfers: this.#transfers,
    ask: (message, match, signal) => this.#ask(message, match, signal),
  };
  readonly #questions: NumberedQuestions;
  #isClosing = false;

  private constructor(options: SessionOptions, info: NodeInfo, outgoing: Seal, incoming: Seal) {
    this.#link = options.link;
    this.#onReport = options.onReport;
    this.info = info;
    const ask: Asking["ask"] = (message, match, signal) => this.#ask(message, match, signal);
    this.#questions = new NumberedQuestions({ ask, takeNumber: () => this.#transfers.takeNumber() });
    this.#outgoing = outgoing;
    this.#incoming = incoming;
    this.#heartbeat = new Heartbeat(this.#link, () => {
      this.#send({ type: "heartbeat" }).catch(() => {}); // a lost link is reported by `ended`
    });
    this.#closed = this.#listen();
  }

  /** Aborted when the link has ended. The reason is a `FarmError`, unless this side closed it. */
  get ended(): AbortSignal {
    return this.#ended.signal;
  }

  /** Opens a session. It owns the link, even if this fails. @throws {FarmError} See `greet` */
  static async open(options: SessionOptions): Promise<NodeSession> {
    const { info, outgoing, incoming } = await openConversation(options);
    return new NodeSession(options, info, outgoing, incoming);
  }

  /**
   * Reserves the node for a job, or continues the job there. `busy` names the job that has the node, and its user.
   *
   * @param title What others are told about this job
   */
  openJob(
    job: string,
    { name, holder }: { readonly name: string; readonly holder: string },
    signal: AbortSignal,
  ): Promise<JobOpened | Busy> {
    return this.#ask(
      { type: "job-open", job, holder, name, slots: null },
      (reply): reply is JobOpened | Busy => reply.type === "busy" || (reply.type === "job-opened" && reply.job === job),
      signal,
    );
  }

  /** See `upload`. */
  sendBlob(blob: Blob, onProgress: (haveBytes: number) => void, signal: AbortSignal): Promise<number> {
    return upload(this.#uploadLink, blob, onProgress, signal);
  }

  /** See `sendBundle`. */
  sendBundle(blobs: readonly Blob[], signal: AbortSignal): Promise<readonly Blob[]> {
    return sendBundle(this.#uploadLink, blobs, signal);
  }

  /**
   * Lets the node open the blendfile in its slots.
   *
   * @returns What the file contains, as soon as the first slot has opened it
   * @param timeoutMs How long the node may take; there are no progress reports
   * @throws {LoadFailedError} With the node's message, or if it does not answer in time
   */
  async loadJob(
    request: Omit<Extract<FromCoordinator, { type: "job-load" }>, "type">,
    signal: AbortSignal,
    timeoutMs?: number,
  ): Promise<SceneInfo> {
    const isAnswer = (message: FromNode): message is LoadAnswer =>
      (message.type === "job-loaded" || message.type === "job-load-failed") && message.job === request.job;
    const answer = this.#ask({ type: "job-load", ...request }, isAnswer, signal);
    return await sceneWithin(answer, this.info.name, timeoutMs);
  }

  addFiles(...args: Parameters<NumberedQuestions["addFiles"]>): ReturnType<NumberedQuestions["addFiles"]> {
    return this.#questions.addFiles(...args);
  }

  checkOrder(...args: Parameters<NumberedQuestions["checkOrder"]>): ReturnType<NumberedQuestions["checkOrder"]> {
    return this.#questions.checkOrder(...args);
  }

  mix(...args: Parameters<NumberedQuestions["mix"]>): ReturnType<NumberedQuestions["mix"]> {
    return this.#questions.mix(...args);
  }

  bake(...args: Parameters<NumberedQuestions["bake"]>): ReturnType<NumberedQuestions["bake"]> {
    return this.#questions.bake(...args);
  }

  assign(slot: number, frame: number, attempt: number): Promise<void> {
    return this.#send({ type: "frame-assign", slot, frame, attempt });
  }

  withdraw(frame: number, attempt: number): Promise<void> {
    return this.#send({ type: "frame-withdraw", frame, attempt });
  }

  cancel(frame: number, attempt: number): Promise<void> {
    return this.#send({ type: "frame-cancel", frame, attempt });
  }

  release(frame: number, attempt: number): Promise<void> {
    return this.#send({ type: "result-release", frame, attempt });
  }

  check(share: number | null, seed: number): Promise<void> {
    return this.#send({ type: "job-checks", share, seed });
  }

  /** See `Worker.fetch`. */
  async fetch(result: FrameResult, sink: Sink, signal: AbortSignal, picture?: number): Promise<string | undefined> {
    return await receive(this.#receiveLink, resultWanted(result, picture), sink, signal);
  }

  /** Fetches a file that was sent for the job. Returns and throws as `Worker.fetch`. */
  async fetchBlob(
    blob: Pick<Blob, "sha256" | "sizeBytes">,
    sink: Sink,
    signal: AbortSignal,
  ): Promise<string | undefined> {
    return await receive(this.#receiveLink, blobWanted(blob), sink, signal);
  }

  /** Tells the node, for its own console, that another one has its id. Older nodes would not understand it. */
  async tellDuplicate(name: string, address: string): Promise<void> {
    if (this.info.start !== undefined) await this.#send({ type: "duplicate-id", name, address });
  }

  /** Ends the job on the node: slots and files go. */
  async closeJob(job: string, signal: AbortSignal): Promise<void> {
    await this.#ask(
      { type: "job-close", job },
      (message): message is Extract<FromNode, { type: "job-closed" }> =>
        message.type === "job-closed" && message.job === job,
      signal,
    );
  }

  /** Ends the conversation; the node keeps an open job for its waiting time. Idempotent. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosing = true;
    await this.#link[Symbol.asyncDispose]();
    await this.#closed;
  }

  async #ask<T extends FromNode>(
    message: FromCoordinator,
    match: (reply: FromNode) => reply is T,
    signal: AbortSignal,
  ): Promise<T> {
    const reply = this.#replies.next(match, signal);
    reply.catch(() => {}); // awaited below, unless sending fails first
    await this.#send(message);
    return await reply;
  }

  #send(message: FromCoordinator): Promise<void> {
    return this.#link.send(this.#outgoing.seal(JSON.stringify(message)));
  }

  async #listen(): Promise<void> {
    let problem: FarmError | undefined;
    try {
      for await (const message of this.#link.messages) {
        if (typeof message === "string") this.#hear(message);
        else await this.#takePiece(message);
      }
      if (!this.#isClosing) problem = lostLink(this.#link.endedBy ?? "it hung up");
    } catch (error) {
      problem = error instanceof FarmError ? error : badMessage(error);
      await this.#link.close(1008, "bad message");
    }
    this.#heartbeat.stop();
    this.#replies.end(problem ?? lostLink("this machine has closed the connection"));
    this.#ended.abort(problem ?? new Error("The connection was closed"));
  }

  #hear(sealed: string): void {
    const message = parseFromNode(JSON.parse(this.#incoming.open(sealed)));
    if (this.#replies.offer(message)) return;
    if (isReport(message)) this.#onReport(message);
    else if (message.type === "error") throw lostLink(`it reported: ${message.message}`);
    // Anything else is a heartbeat, or an answer that nobody waits for any more.
  }

  async #takePiece(message: Buffer): Promise<void> {
    const piece = decodePiece(message);
    if (!piece) throw badMessage(new Error("what it sent is no part of a file"));
    await this.#transfers.take(piece);
  }
}
