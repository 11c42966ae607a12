/** What a node tells about a blendfile that it has opened: `sceneInfo` in docs/protocol.md. */
import { z } from "zod";
import { areSuffixes } from "../../core/pictures/picture-names.ts";
import { boundedList } from "./bounded-list.ts";
import {
  bounds,
  colorMode,
  count,
  depth,
  digest,
  frame,
  name,
  path,
  pictureDepth,
  pictureFormat,
  size,
} from "./fields.ts";

const sceneSummary = z.object({
  name,
  frameStart: frame,
  frameEnd: frame,
  frameStep: z.number().int().min(1).max(bounds.frameNumber),
  fps: z.number().min(0.001).max(100_000),
  fpsBase: z.number().min(0.000_01).max(1_000_000),
  width: size,
  height: size,
  engine: name,
  camera: name.nullable(),
  cameras: boundedList(name, { max: 1_000 }),
  sequencer: z.boolean(),
  depth,
  colorMode,
  transparent: z.boolean(),
  views: boundedList(name, { max: 64 }),
  /** Whether it can be heard; absent on older nodes. */
  sound: z.boolean().optional(),
});

/** How the numbers of a sequence's files follow from the frame: see docs/protocol.md, `numbers`. */
const frameNumbers = z.object({
  start: z.number().int(),
  /** `null` if the numbers are not limited. */
  length: z.number().int().min(0).nullable(),
  offset: z.number().int(),
  repeat: z.enum(["hold", "cycle", "ping-pong"]),
  /** How many frames before and after it a frame may need too. */
  margin: z.number().int().min(0).max(1_000),
  /** The frames at which Blender opens the file. */
  opening: boundedList(frame, { max: 16 }),
});

const reference = z.object({
  kind: name,
  /** The data-block that names it. */
  owner: name.optional(),
  /** As the file has it. */
  path,
  missing: z.boolean(),
  /** Whether Blender computes it if it is missing; absent means false. */
  computed: z.boolean().optional(),
  /** Whether it can change a rendered picture; absent means true. */
  visible: z.boolean().optional(),
  /** Whether it can be heard in the scene; absent means false. */
  audible: z.boolean().optional(),
  /** Where Blender looks for it in the project, with slashes; null if elsewhere. */
  at: path.nullish(),
  form: z.enum(["sequence", "tiles", "folder"]).nullish(),
  /** Of an existing file with an absolute path. */
  sha256: digest.nullish(),
  /** What the node's Blender would have to be built with to read it. */
  lacks: name.nullish(),
  /** The path in the file, if this is another view of the same picture. */
  viewOf: path.nullish(),
  /** Which of several files a frame needs, for each use; absent or null if it may be any. */
  numbers: boundedList(frameNumbers, { max: 32 }).nullish(),
});

/** What depends on the frames before, and is not baked. */
const simulation = z.object({ kind: name, owner: name });

/** How a slot uses its process for one frame after another, and why. */
const reuse = z.object({ way: z.enum(["persistent", "kept", "reopened", "sequential"]), why: path });

export const sceneInfo = z.object({
  activeScene: name,
  scene: name,
  savedBy: name.nullable(),
  scenes: boundedList(sceneSummary, { min: 1, max: 1_000 }),
  references: boundedList(reference, { max: 10_000 }),
  files: digest.nullable().default(null),
  /** Absent on older nodes. */
  simulations: boundedList(simulation, { max: 100 }).default([]),
  /** Absent on older nodes. */
  reuse: reuse.optional(),
  /** What pictures each frame has, as far as is known; absent on older nodes, whose frames are PNGs only. */
  pictures: z
    .object({
      format: pictureFormat,
      depth: pictureDepth,
      suffixes: boundedList(name, { min: 1, max: 64 }).refine(areSuffixes, "a view's suffix cannot be in a file name"),
      numbered: z.boolean(),
      nodes: count,
    })
    .optional(),
  device: name,
});

export type SceneInfo = z.infer<typeof sceneInfo>;
export type Simulation = z.infer<typeof simulation>;
export type Reference = z.infer<typeof reference>;
export type SceneSummary = z.infer<typeof sceneSummary>;
