import { FarmError } from "../../core/errors.ts";
import type { Frame } from "../../core/node.ts";
import type { FrameRecord } from "../../frames/frame-record.ts";
import type { AttemptError } from "../../scheduler/events.ts";
import { refusedCode } from "../../scheduler/refused-frames.ts";
import type { FarmListener } from "../events.ts";
import type { RefusedFrame } from "./output-writer.ts";

/** Whose frames FFmpeg has refused in this run, by frame: each is rendered again once. */
export type RefusedBefore = Map<Frame, FrameRecord["node"]>;

export interface RefusedFramesOptions {
  readonly before: RefusedBefore;
  readonly recordOf: (frame: Frame) => FrameRecord | undefined;
  /** Takes it out of the store. @returns Where its file is now */
  readonly setAside: (record: FrameRecord, message: string) => Promise<string>;
  /** It has left the store, and is to be rendered again. */
  readonly onAside: (record: FrameRecord, error: AttemptError) => void;
  readonly tell: FarmListener;
}

/** Takes the frames that FFmpeg refuses out of the store, tells of them, and has each rendered again: once. */
export class RefusedFrames {
  readonly #options: RefusedFramesOptions;
  #idle: Promise<unknown> = Promise.resolve();

  constructor(options: RefusedFramesOptions) {
    this.#options = options;
  }

  /** Resolves when nothing is being taken out any more. */
  get idle(): Promise<unknown> {
    return this.#idle;
  }

  /** @throws {FarmError} When one of them had been refused before: then it is not the nodes, or FFmpeg cannot be pleased */
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

/** What a refused frame counts as, in the scheduler's words. */
export function refusedError(message: string): AttemptError {
  return {
    code: refusedCode,
    message: `FFmpeg refuses it: ${message}`,
    hint: "It is rendered again; when it stays so on one node, look at that node's disk and memory",
    fault: "node",
  };
}

/** FFmpeg refuses a frame where there is nobody to render it again. */
export function frameRefused({ frame, message }: RefusedFrame, node: FrameRecord["node"]): FarmError {
  return new FarmError(
    "FARM_FFMPEG_EXITED",
    `FFmpeg refuses frame ${frame}, which ${node.name} rendered: ${message}`,
    "Run the render command again: it has this frame rendered anew, by another node where there is one, and keeps the others",
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
    `Look at ${file}, or try another FFmpeg (--ffmpeg); the other frames are kept, and the same command renders this one again`,
  );
}
