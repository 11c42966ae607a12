import type { Frame } from "../../../core/node.ts";
import type { NodeReport } from "../../../session/node-report.ts";
import type { NodeSession } from "../../../session/node-session.ts";
import type { CheckedFrames, MadeBlob, Worker } from "../../worker.ts";
import type { FrameSupply } from "./frame-supply.ts";

/** How often the job is told that a frame still waits for its files; the scheduler would take the slot for a dead one. */
const tellEveryMs = 30_000;

export interface SuppliedWorkerOptions {
  readonly session: NodeSession;
  readonly supply: FrameSupply;
  /** Takes what the node would report. */
  readonly onReport: (report: NodeReport) => void;
  /** A frame waits for its files. */
  readonly onDelay: (frame: Frame, attempt: number) => void;
}

/** A node whose frames need files that it does not have yet: a frame is assigned to it when its files are there. */
export class SuppliedWorker implements Worker {
  readonly #options: SuppliedWorkerOptions;
  /** Attempts that wait for their files. */
  readonly #waiting = new Set<number>();

  constructor(options: SuppliedWorkerOptions) {
    this.#options = options;
  }

  get info(): NodeSession["info"] {
    return this.#options.session.info;
  }

  async assign(slot: number, frame: Frame, attempt: number): Promise<void> {
    const { session, supply, onDelay } = this.#options;
    this.#waiting.add(attempt);
    const timer = setInterval(() => onDelay(frame, attempt), tellEveryMs);
    const stop = () => clearInterval(timer);
    session.ended.addEventListener("abort", stop, { once: true });
    try {
      await supply.bring(frame);
    } finally {
      stop();
      session.ended.removeEventListener("abort", stop);
    }
    if (this.#waiting.delete(attempt)) await session.assign(slot, frame, attempt);
  }

  async withdraw(frame: Frame, attempt: number): Promise<void> {
    if (!this.#withdrawn(frame, attempt)) await this.#options.session.withdraw(frame, attempt);
  }

  async cancel(frame: Frame, attempt: number): Promise<void> {
    if (!this.#withdrawn(frame, attempt)) await this.#options.session.cancel(frame, attempt);
  }

  check(share: number | null, seed: number): Promise<void> {
    return this.#options.session.check(share, seed);
  }

  checkOrder(frames: readonly Frame[], signal: AbortSignal): Promise<CheckedFrames> {
    return this.#options.session.checkOrder(frames, signal);
  }

  bake(limitSeconds: number, signal: AbortSignal): Promise<MadeBlob> {
    return this.#options.session.bake(limitSeconds, signal);
  }

  mix(firstFrame: Frame, lastFrame: Frame, signal: AbortSignal): Promise<MadeBlob> {
    return this.#options.session.mix(firstFrame, lastFrame, signal);
  }

  fetchBlob(...args: Parameters<Worker["fetchBlob"]>): Promise<string | undefined> {
    return this.#options.session.fetchBlob(...args);
  }

  release(frame: Frame, attempt: number): Promise<void> {
    return this.#options.session.release(frame, attempt);
  }

  fetch(...args: Parameters<Worker["fetch"]>): Promise<string | undefined> {
    return this.#options.session.fetch(...args);
  }

  /** @returns Whether the node has never heard of the attempt */
  #withdrawn(frame: Frame, attempt: number): boolean {
    if (!this.#waiting.delete(attempt)) return false;
    this.#options.onReport({ type: "frame-withdrawn", frame, attempt });
    return true;
  }
}
