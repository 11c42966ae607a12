import { FarmError } from "../../../core/errors.ts";
import { LoadFailedError } from "../../../session/load-failed.ts";
import type { NodeReport } from "../../../session/node-report.ts";
import type { NodeSession } from "../../../session/node-session.ts";
import type { NodeInfo, SceneInfo } from "../../../session/protocol.ts";
import type { Blob } from "../../../session/transfer/upload.ts";
import type { JobFiles } from "../job-order.ts";
import { type FileTarget, sendFiles } from "./send-files.ts";

/** The node has lost its copy of the blendfile: its cache evicted it, or it was damaged and dropped. */
export const blobMissing = "BLOB_MISSING";

/** Per job. A node whose disk damages the blendfile each time cannot be used. */
const mostResends = 3;

export interface SupplyOptions {
  readonly blob: Blob;
  readonly files: JobFiles;
  readonly request: Parameters<NodeSession["loadJob"]>[0];
  /** The node has lost the blendfile, which is now sent again. @param why The node's reason */
  readonly onResend: (info: NodeInfo, why: string) => void;
  readonly signal: AbortSignal;
}

/** Sends one node the blendfile, and sends it again if the node has lost it, even while frames are being rendered. */
export class BlendSupply {
  readonly #options: SupplyOptions;
  #resends = 0;
  #isSending = false;
  /** The list of files with which the node has opened the blendfile at last; `null` without files. */
  files: string | null = null;
  /** The error of a slot without its blendfile, since the last upload began. */
  #lastMissed: string | undefined;

  constructor(options: SupplyOptions) {
    this.#options = options;
  }

  /**
   * Sends the blendfile and has the node open it; then sends the files that are missing there, and has it open the
   * blendfile again, until no node misses a file that it may get.
   *
   * @throws {FarmError} As `sendBlob` and `loadJob`; `FARM_LOAD_FAILED` if the node keeps losing it
   */
  async load(target: FileTarget): Promise<SceneInfo> {
    const { blob, files, request, signal } = this.#options;
    const { session } = target;
    const sent = new Set<string>();
    for (;;) {
      const { files: others, list } = files.current;
      const known = list === null ? [blob] : [blob, ...others, list];
      const missing = known.filter(({ sha256 }) => !sent.has(sha256));
      await sendFiles(target, missing, ({ sha256 }) => sent.add(sha256));
      try {
        const layout = { path: files.blendPath, files: list?.sha256 ?? null, colors: files.colors };
        const scene = await session.loadJob({ ...request, ...layout }, signal);
        const isComplete = !(await files.add(scene.references)) && files.current.list?.sha256 === list?.sha256;
        if (!isComplete) continue;
        files.heldBy(session);
        this.files = layout.files;
        return scene;
      } catch (error) {
        if (!(error instanceof LoadFailedError) || error.reason !== blobMissing) throw error;
        sent.clear();
        this.#countResend(session.info, error.message);
      }
    }
  }

  /**
   * Sends the blendfile again if this report says that a slot cannot open it. The node then continues by itself; its
   * other slots render meanwhile.
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
        // If another slot missed it meanwhile, the node mostly has it by now, and nothing is sent.
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
        "Check that node's disk and memory, or start the node with a larger --cache-size or another --cache-dir",
      );
    }
    this.#options.onResend(info, why);
  }
}
