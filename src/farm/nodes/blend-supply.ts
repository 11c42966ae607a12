import { FarmError } from "../../core/errors.ts";
import { LoadFailedError } from "../../session/load-failed.ts";
import type { NodeReport } from "../../session/node-report.ts";
import type { NodeSession } from "../../session/node-session.ts";
import type { NodeInfo, SceneInfo } from "../../session/protocol.ts";
import type { Blob } from "../../session/upload.ts";

/** The node has no good copy of the blendfile any more: it was evicted from its cache, or found damaged and dropped. */
export const blobMissing = "BLOB_MISSING";

/** Within one job. A disk that damages the blendfile each time is of no use. */
const mostResends = 3;

export interface SupplyOptions {
  readonly blob: Blob;
  readonly request: Parameters<NodeSession["loadJob"]>[0];
  /** The node has lost the blendfile, which is sent again now. @param why In the node's words */
  readonly onResend: (info: NodeInfo, why: string) => void;
  readonly signal: AbortSignal;
}

/** Brings one node the blendfile, and brings it again when the node has lost it, also while frames are being rendered. */
export class BlendSupply {
  readonly #options: SupplyOptions;
  #resends = 0;
  #isSending = false;
  /** What a slot said that misses the blendfile, since the last sending began. */
  #lastMissed: string | undefined;

  constructor(options: SupplyOptions) {
    this.#options = options;
  }

  /**
   * Sends the blendfile and has the node open it.
   *
   * @param onUpload Called with the bytes that the node has by now
   * @throws {FarmError} What `sendBlob` and `loadJob` throw; `FARM_LOAD_FAILED` when the node loses it again and again
   */
  async load(session: NodeSession, onUpload: (haveBytes: number) => void): Promise<SceneInfo> {
    const { blob, request, signal } = this.#options;
    for (;;) {
      await session.sendBlob(blob, onUpload, signal);
      try {
        return await session.loadJob(request, signal);
      } catch (error) {
        if (!(error instanceof LoadFailedError) || error.reason !== blobMissing) throw error;
        this.#countResend(session.info, error.message);
      }
    }
  }

  /**
   * Sends the blendfile again if this report says that a slot cannot open it. The node goes on by itself when it has come;
   * its other slots render meanwhile.
   *
   * @throws {FarmError} As `load`
   */
  async answer(session: NodeSession, report: NodeReport): Promise<void> {
    const error = report.type === "slot-changed" && report.state === "lost" ? report.error : null;
    if (error?.code !== blobMissing) return;
    this.#lastMissed = error.message;
    if (this.#isSending) return;
    this.#isSending = true;
    try {
      this.#countResend(session.info, error.message);
      for (let isFirst = true; this.#lastMissed !== undefined; isFirst = false) {
        const why = this.#lastMissed;
        this.#lastMissed = undefined;
        const sentBytes = await session.sendBlob(this.#options.blob, () => {}, this.#options.signal);
        // What another slot missed meanwhile has mostly come by now: then nothing is sent.
        if (!isFirst && sentBytes > 0) this.#countResend(session.info, why);
      }
    } finally {
      this.#isSending = false;
      this.#lastMissed = undefined;
    }
  }

  #countResend(info: NodeInfo, why: string): void {
    this.#resends += 1;
    if (this.#resends > mostResends) {
      throw new FarmError(
        "FARM_LOAD_FAILED",
        `Cannot use ${info.name}: it lost the blendfile again after it was sent ${mostResends} more times: ${why}`,
        "Check that node's disk and memory, or start the node with another --cache-dir",
      );
    }
    this.#options.onResend(info, why);
  }
}
