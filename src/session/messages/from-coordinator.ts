import { z } from "zod";
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
  slot,
  transfer,
} from "./fields.ts";

const bundledBlobs = z
  .array(z.object({ sha256: digest, sizeBytes: blobBytes }))
  .min(1)
  .max(bounds.bundledBlobs);
/** A node refuses a message with others: it would not do what was asked. */
const overrides = z.strictObject({
  /** In percent of the scene's own size. */
  scale: z.number().int().min(1).max(100).optional(),
  maxSamples: z.number().int().min(1).max(bounds.samples).optional(),
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
    /** The node's add-ons that are enabled before the file is opened; absent for none. */
    addons: z.array(addonName).max(bounds.addons).optional(),
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
  z.object({ type: z.literal("result-fetch"), transfer, ...attemptRef, offset: frameOffset }),
  z.object({ type: z.literal("result-release"), ...attemptRef }),
  z.object({ type: z.literal("job-close"), job: jobId }),
  z.object({ type: z.literal("duplicate-id"), name, address: name }),
  z.object({ type: z.literal("heartbeat") }),
]);
