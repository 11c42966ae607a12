import { FarmError } from "../../core/errors.ts";
import type { Frame } from "../../core/node.ts";
import type { FrameRecord } from "../../frames/frame-record.ts";
import type { AttemptError } from "../../scheduler/events.ts";
import { refusedCode } from "../../scheduler/refused-frames.ts";
import type { FarmListener } from "../events.ts";
import type { RefusedFrame } from "./output-writer.ts";

/** Frames that FFmpeg has refused in this run, with the nodes that rendered them: each is rendered again once. */
export type RefusedBefore = Map<Frame, FrameRecord["node"]>;

export interface RefusedFramesOptions {
  readonly before: RefusedBefore;
  readonly recordOf: (frame: Frame) => FrameRecord | undefined;
  /** Takes a frame out of the store. @returns Where its file is now */
  readonly setAside: (record: FrameRecord, message: string) => Promise<string>;
  /** Called when a frame has left the store and must be rendered again. */
  readonly onAside: (record: FrameRecord, error: AttemptError) => void;
  readonly tell: FarmListener;
}

/** Takes frames that FFmpeg refuses out of the store, reports them, and has each rendered again, once. */
export class RefusedFrames {
  readonly #options: RefusedFramesOptions;
  #idle: Promise<unknown> = Promise.resolve();

  constructor(options: RefusedFramesOptions) {
    this.#options = options;
  }

  /** Resolves when no frame is being taken out. */
  get idle(): Promise<unknown> {
    return this.#idle;
  }

  /** @throws {FarmError} If one of them was refused before: rendering it once more would not help */
  take(refused: readonly RefusedFrame[]): Promise<void> {
    const taken = this.#idle.then(() => this.#take(refused));
    this.#idle = taken.catch(() => {});
    return taken;
  }

  async #take(refused: readonly RefusedFrame[]): Promise<void> {
    const { before, recordOf, setAside, onAside, tell } = this.#options;
    let twice: FarmError | undefined;
    for (const { frame, message } of refused) {
      const record = recordOf(frame);
      if (record === undefined) continue;
      const file = await setAside(record, message);
      const { id: node, name } = record.node;
      tell({ type: "frame:refused", node, name, frame, message, file });
      const earlier = before.get(frame);
      if (earlier === undefined) {
        before.set(frame, record.node);
        onAside(record, refusedError(message));
      } else twice ??= refusedTwice(frame, earlier, record.node, message, file);
    }
    if (twice) throw twice;
  }
}

/** The scheduler's error for a refused frame. */
export function refusedError(message: string): AttemptError {
  return {
    code: refusedCode,
    message: `FFmpeg refuses it: ${message}`,
    hint: "It is rendered again; if one node keeps failing, check that node's disk and memory",
    fault: "node",
  };
}

/** FFmpeg refuses a frame, and there is no node to render it again. */
export function frameRefused({ frame, message }: RefusedFrame, node: FrameRecord["node"]): FarmError {
  return new FarmError(
    "FARM_FFMPEG_EXITED",
    `FFmpeg refuses frame ${frame}, which ${node.name} rendered: ${message}`,
    "Run the render command again: it renders this frame again, on another node if there is one, and keeps the others",
  );
}

function refusedTwice(
  frame: Frame,
  first: FrameRecord["node"],
  second: FrameRecord["node"],
  message: string,
  file: string,
): FarmError {
  const who =
    first.id === second.id ? `both times that ${first.name} rendered it` : `from ${first.name} and from ${second.name}`;
  return new FarmError(
    "FARM_FFMPEG_EXITED",
    `FFmpeg refuses frame ${frame}, ${who}: ${message}`,
    `Check ${file}, or try another FFmpeg (--ffmpeg); the other frames are kept, and the same command renders this one again`,
  );
}
