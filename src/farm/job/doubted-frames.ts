import { formatFrames } from "../../core/frame-range.ts";
import type { Frame, NodeId } from "../../core/node.ts";
import type { FrameRecord } from "../../frames/frame-record.ts";
import type { AttemptError } from "../../scheduler/events.ts";
import type { FarmListener } from "../events.ts";

export interface DoubtedFramesOptions {
  readonly recordOf: (frame: Frame) => FrameRecord | undefined;
  /** Takes frames out of the output; they are accepted again when they are stored again. */
  readonly drop: (frames: readonly Frame[]) => Promise<void>;
  /** Takes a frame out of the store. @returns Where its file is now */
  readonly setAside: (record: FrameRecord, why: string) => Promise<string>;
  /** Called when a frame has left the store and must be rendered again. See the scheduler's `frame-doubted`. */
  readonly onAside: (record: FrameRecord, error: AttemptError | null) => void;
  /** Called with an error that ends the job, such as a full disk. */
  readonly onBroken: (error: unknown) => void;
  readonly tell: FarmListener;
  readonly nameOf: (node: NodeId) => string;
}

/** Takes stored frames that may be wrong out of the store and the output, so that they are rendered again. */
export class DoubtedFrames {
  readonly #options: DoubtedFramesOptions;
  #working = 0;
  #idle: Promise<unknown> = Promise.resolve();

  constructor(options: DoubtedFramesOptions) {
    this.#options = options;
  }

  /** Whether work is waiting or being done. */
  get isWorking(): boolean {
    return this.#working > 0;
  }

  /** Resolves when all work that was given is done. */
  get idle(): Promise<unknown> {
    return this.#idle;
  }

  recordOf(frame: Frame): FrameRecord | undefined {
    return this.#options.recordOf(frame);
  }

  /** Does one work after the other. Errors end the job. */
  later(work: () => Promise<void>): void {
    this.#working += 1;
    this.#idle = this.#idle
      .then(work)
      .catch(this.#options.onBroken)
      .finally(() => {
        this.#working -= 1;
      });
  }

  /**
   * Takes frames out, within `later`. Those that are not stored are ignored.
   *
   * @param error Counts against the nodes that rendered them, so that others render them first; `null` if they need not
   * @returns Where their files are now, in the order of the frames
   */
  async takeOut(
    frames: readonly Frame[],
    why: string,
    error: AttemptError | null,
  ): Promise<{ frame: Frame; file: string }[]> {
    const { recordOf, drop, setAside, onAside, tell, nameOf } = this.#options;
    await drop(frames);
    const taken: { frame: Frame; file: string }[] = [];
    const byNode = new Map<NodeId, Frame[]>();
    for (const frame of frames) {
      const record = recordOf(frame);
      if (record === undefined) continue;
      taken.push({ frame, file: await setAside(record, why) });
      onAside(record, error);
      byNode.set(record.node.id, [...(byNode.get(record.node.id) ?? []), frame]);
    }
    for (const [node, ofNode] of byNode) {
      tell({ type: "frames:doubted", node, name: nameOf(node), range: formatFrames(ofNode) });
    }
    return taken;
  }
}
