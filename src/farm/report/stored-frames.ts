import { opendir } from "node:fs/promises";
import { highestFrame, lowestFrame } from "../../core/frame-range.ts";
import type { Frame, NodeId } from "../../core/node.ts";
import { frameOfFileName } from "../../frames/frame-name.ts";
import { parseFrameRecord } from "../../frames/frame-record.ts";
import { linesOf } from "./job-log.ts";

/** What rendered a frame. Frames share these objects, as there may be a million frames. */
interface Renderer {
  readonly node: NodeId;
  readonly name: string;
  readonly blender: string;
  readonly device: string;
}

/** How a stored frame was rendered. */
export interface StoredFrame {
  readonly renderer: Renderer;
  readonly attempts: number;
  readonly seconds: number;
  /** The part of it in which the scene was played up to the frame. */
  readonly playSeconds: number;
}

/** The latest record of each frame in `frames.ndjson`: a frame that was damaged is rendered again. */
export async function latestRecords(file: string): Promise<Map<Frame, StoredFrame>> {
  const renderers = new Map<string, Renderer>();
  const stored = new Map<Frame, StoredFrame>();
  for await (const line of linesOf(file)) {
    const record = parseFrameRecord(line);
    if (!record || record.frame < lowestFrame || record.frame > highestFrame) continue;
    const { node, blender, device, frame, attempts, seconds, playSeconds = 0 } = record;
    if (record.refused !== undefined || record.doubted !== undefined) {
      stored.delete(frame);
      continue;
    }
    const key = JSON.stringify([node, blender, device]);
    const renderer = renderers.get(key) ?? { node: node.id, name: node.name, blender, device };
    renderers.set(key, renderer);
    stored.set(frame, { renderer, attempts, seconds, playSeconds });
  }
  return stored;
}

/** The frames that have a file; `null` without the folder, which is removed once the output is finished. */
export async function framesWithFile(folder: string): Promise<ReadonlySet<Frame> | null> {
  const files = await opendir(folder).catch(() => null);
  if (!files) return null;
  const frames = new Set<Frame>();
  for await (const { name } of files) {
    const frame = frameOfFileName(name);
    if (frame !== null) frames.add(frame);
  }
  return frames;
}
