import { z } from "zod";
import { mostAddons } from "../../core/bounds/addon-names.ts";
import { overrideBounds } from "../../core/bounds/override-bounds.ts";
import { pictureFormats } from "../../core/pictures/picture-format.ts";
import {
  addonName,
  attemptRef,
  blobBytes,
  bounds,
  digest,
  frame,
  frameOffset,
  jobId,
  name,
  path,
  pictureDepth,
  pictureFormat,
  slot,
  transfer,
} from "./fields.ts";

const bundledBlobs = z
  .array(z.object({ sha256: digest, sizeBytes: blobBytes }))
  .min(1)
  .max(bounds.bundledBlobs);
const whole = (least: number, most: number) => z.number().int().min(least).max(most);

/** A node refuses a message with others: it would not do what was asked. */
export const overrides = z.strictObject({
  /** In percent of the size without it. */
  scale: whole(1, 100).optional(),
  maxSamples: whole(...overrideBounds.samples).optional(),
  samples: whole(...overrideBounds.samples).optional(),
  resolution: z
    .union([
      z.strictObject({ percent: whole(...overrideBounds.percent) }),
      z.strictObject({ width: whole(...overrideBounds.side), height: whole(...overrideBounds.side) }),
    ])
    .optional(),
  engine: name.min(1).optional(),
  camera: name.min(1).optional(),
  viewLayer: name.min(1).optional(),
  seed: whole(...overrideBounds.seed).optional(),
  transparent: z.literal(true).optional(),
  denoise: z.boolean().optional(),
  simplify: whole(...overrideBounds.simplify).optional(),
  threads: whole(...overrideBounds.threads).optional(),
  /** In seconds. */
  timeLimit: whole(1, 10 ** 9).optional(),
});

const isPiece = (bytes: number) => bytes > 0 && bytes <= bounds.pieceBytes;

/** The messages of a coordinator, all sealed. */
export const fromCoordinator = z.discriminatedUnion("type", [
  z.object({
    type: z.literal("job-open"),
    job: jobId,
    holder: name,
    /** What the job is called, for people; absent in older releases. */
    name: name.optional(),
    slots: z.number().int().min(1).max(256).nullable(),
  }),
  z.object({ type: z.literal("blob-query"), sha256: digest, sizeBytes: blobBytes, path: path.optional() }),
  z.object({ type: z.literal("blob-begin"), transfer, sha256: digest, sizeBytes: blobBytes, offset: blobBytes }),
  z.object({ type: z.literal("blob-end"), transfer, sha256: digest }),
  z.object({ type: z.literal("blobs-query"), number: transfer, blobs: bundledBlobs }),
  z.object({
    type: z.literal("blob-bundle"),
    transfer,
    blobs: bundledBlobs.refine((blobs) => isPiece(blobs.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0))),
  }),
  z.object({ type: z.literal("blob-fetch"), transfer, sha256: digest }),
  z.object({
    type: z.literal("job-load"),
    job: jobId,
    blend: digest,
    scene: name.nullable(),
    colorMode: z.literal("RGB").nullable(),
    /** Absent means false. */
    allowScripts: z.boolean().optional(),
    /** The blendfile's path in the project; absent for a name of the node's own. */
    path: z.string().max(1024).optional(),
    /** Digest of the list of the project's other files; absent or null if there are none. */
    files: digest.nullable().optional(),
    /** The color configuration among the files, for OCIO; absent or null for the node's own. */
    colors: z.string().max(1024).nullable().optional(),
    /** Whether to play what is not baked up to each frame; absent or null if not. */
    simulations: z.literal("play").nullable().optional(),
    /** A scene with as many frames is sampled: the first slot renders a small picture. Absent or null for none. */
    sampleFrom: z.number().int().min(1).max(bounds.frameNumber).nullable().optional(),
    /** What is rendered otherwise than the file says; absent or null for nothing. */
    overrides: overrides.nullable().optional(),
    /** What comes beside the PNG of each frame; absent or null for nothing. */
    pictures: z
      .object({
        /** The scene's own format is kept if it is one of these; otherwise it is the first. */
        formats: z.array(pictureFormat).min(1).max(pictureFormats.length),
        /** Null for the scene's own. */
        depth: pictureDepth.nullable(),
        /** Whether the pictures of File Output nodes are wanted. */
        nodes: z.boolean(),
        /** Whether the PNGs become a video: otherwise those beside another format have 8 bits. */
        video: z.boolean(),
      })
      .nullable()
      .optional(),
    /** The node's add-ons that are enabled before the file is opened; absent for none. */
    addons: z.array(addonName).max(mostAddons).optional(),
  }),
  z.object({
    type: z.literal("project-add"),
    job: jobId,
    /** For the answer. */
    number: transfer,
    files: z
      .array(z.object({ path: z.string().min(1).max(1024), sha256: digest }))
      .min(1)
      .max(bounds.addedFiles),
  }),
  z.object({
    type: z.literal("job-checks"),
    /** Of the time that frames take, what checks may take; null to check every frame. */
    share: z.number().min(0).max(1).nullable(),
    seed: transfer,
  }),
  z.object({
    type: z.literal("order-check"),
    /** For the answer. */
    number: transfer,
    frames: z.array(frame).min(1).max(bounds.checkedFrames),
  }),
  z.object({
    type: z.literal("job-bake"),
    /** For the answer. */
    number: transfer,
    /** How long the bake may take, and then each of two comparisons. */
    limitSeconds: z
      .number()
      .int()
      .min(1)
      .max(2 ** 31),
  }),
  z.object({
    type: z.literal("job-mix"),
    /** For the answer. */
    number: transfer,
    firstFrame: frame,
    lastFrame: frame,
  }),
  z.object({ type: z.literal("frame-assign"), slot, ...attemptRef }),
  z.object({ type: z.literal("frame-withdraw"), ...attemptRef }),
  z.object({ type: z.literal("frame-cancel"), ...attemptRef }),
  z.object({
    type: z.literal("result-fetch"),
    transfer,
    ...attemptRef,
    offset: frameOffset,
    /** The place of one of the frame's pictures in the result's list; absent for the PNG. */
    picture: z
      .number()
      .int()
      .min(0)
      .max(bounds.pictures - 1)
      .optional(),
  }),
  z.object({ type: z.literal("result-release"), ...attemptRef }),
  z.object({ type: z.literal("job-close"), job: jobId }),
  z.object({ type: z.literal("duplicate-id"), name, address: name }),
  z.object({ type: z.literal("heartbeat") }),
]);
