import { FarmError, type FarmErrorCode } from "../core/errors.ts";
import { withinTime } from "../core/time-limit.ts";
import { formatDuration } from "../core/units.ts";
import type { FromNode, SceneInfo } from "./protocol.ts";

/** What a code of docs/protocol.md means for the user. */
interface Meaning {
  readonly code: FarmErrorCode;
  /** What to do; without it, the node's own hint. */
  readonly hint?: string;
  /** What cannot be done (default: to open the blendfile). */
  readonly what?: string;
}

const meanings: Readonly<Record<string, Meaning>> = {
  SCENE_NOT_FOUND: {
    code: "FARM_BAD_INPUT",
    hint: "Name a scene that the file has with --scene, or omit --scene",
  },
  CAMERA_NOT_FOUND: {
    code: "FARM_BAD_INPUT",
    hint: "Name a camera that the scene has with --camera, or omit --camera",
  },
  VIEW_LAYER_NOT_FOUND: {
    code: "FARM_BAD_INPUT",
    hint: "Name a view layer that the scene has with --view-layer, or omit --view-layer",
  },
  ENGINE_NOT_FOUND: {
    code: "FARM_NODE_EXCLUDED",
    hint: "Name an engine that the nodes' Blender has with --engine, or omit --engine",
  },
  PICTURE_TOO_LARGE: {
    code: "FARM_BAD_INPUT",
    hint: "Give a smaller --resolution",
  },
  UNSUPPORTED: {
    code: "FARM_BAD_INPUT",
    hint: "In Blender (Output properties, Stereoscopy) choose the views format 'Stereo 3D', save, and run it again",
  },
  FORMAT_UNSUPPORTED: {
    code: "FARM_BAD_INPUT",
    what: "render",
    hint: "Give another --format or --output, or change in Blender what the message names, save, and run it again",
  },
  NO_CAMERA: {
    code: "FARM_BAD_INPUT",
    hint: "Set a camera in Blender (Scene properties, Camera), save, and run it again",
  },
  FILE_UNREADABLE: {
    code: "FARM_NOT_A_BLEND",
    hint: "The file seems truncated or damaged: open it in Blender, save it again, and run the same command again",
  },
  FILE_TOO_NEW: {
    code: "FARM_NODE_EXCLUDED",
    hint: "Update that node's Blender, or save the file from an older one",
  },
  // Another node may have it.
  ADDON_FAILED: { code: "FARM_NODE_EXCLUDED", what: "render" },
  ENGINE_MISSING: { code: "FARM_NODE_EXCLUDED", what: "render" },
};

/** A node could not open the blendfile. Repeating it on that node does not help. */
export class LoadFailedError extends FarmError {
  /** The node's error code; docs/protocol.md lists them. */
  readonly reason: string;
  readonly log: readonly string[];

  constructor(node: string, error: { code: string; message: string; hint: string; log: readonly string[] }) {
    const meaning = meanings[error.code];
    super(
      meaning?.code ?? "FARM_LOAD_FAILED",
      `Cannot ${meaning?.what ?? "open the blendfile"} on ${node}: ${error.message}`,
      meaning?.hint ?? (error.hint || "Check what that node printed, then run the same command again"),
    );
    this.reason = error.code;
    this.log = error.log;
  }
}

export type LoadAnswer = Extract<FromNode, { type: "job-loaded" | "job-load-failed" }>;

/** Longer than a node itself allows for starting a slot and loading: it answers earlier, unless it is broken. */
const loadTimeoutMs = 40 * 60_000;

/**
 * What the blendfile contains, once the node answers.
 *
 * @throws {LoadFailedError} With the node's message, or if it does not answer in time
 */
export async function sceneWithin(
  answer: Promise<LoadAnswer>,
  nodeName: string,
  timeoutMs = loadTimeoutMs,
): Promise<SceneInfo> {
  const message = `it did not answer within ${formatDuration(timeoutMs)}`;
  const late = { code: "TIMED_OUT", message, hint: "", log: [] };
  const reply = await withinTime(answer, timeoutMs, () => new LoadFailedError(nodeName, late));
  if (reply.type === "job-loaded") return reply.scene;
  throw new LoadFailedError(nodeName, reply.error);
}
