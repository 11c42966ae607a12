/**
 * All messages between coordinator and node. docs/protocol.md is the reference. The limits here are its limits, so a
 * message that passes is safe to keep in memory.
 */
import { z } from "zod";
import { mostAddons } from "../core/bounds/addon-names.ts";
import { shorten } from "../core/text.ts";
import { boundedList } from "./messages/bounded-list.ts";
import {
  addonName,
  attemptRef,
  blobBytes,
  bounds,
  code,
  count,
  digest,
  frame,
  frameBytes,
  frameOffset,
  hex,
  jobId,
  name,
  nodeId,
  slot,
  text,
  transfer,
} from "./messages/fields.ts";
import { result } from "./messages/frame-result.ts";
import { fromCoordinator, overrides } from "./messages/from-coordinator.ts";
import { sceneInfo } from "./messages/scene-info.ts";

export { bounds } from "./messages/fields.ts";
export type { Reference, SceneInfo, SceneSummary, Simulation } from "./messages/scene-info.ts";

export const protocolVersion = 1;
const blobRefusal = z.enum(["DIGEST_MISMATCH", "DISK_FULL", "TOO_LARGE", "WRITE_FAILED"]);

const problem = z.object({ code, message: text, hint: text, log: boundedList(text, { max: 200 }) });

const slotState = z.object({
  slot,
  state: z.enum(["starting", "ready", "lost"]),
  error: problem.nullable(),
  device: name.nullable(),
});

/** The node's two unsealed messages, in the handshake; all later ones are sealed. */
const handshakeFromNode = z.discriminatedUnion("type", [
  z.object({
    type: z.literal("challenge"),
    protocol: z.number().int(),
    node: nodeId,
    nonce: hex(64),
    keyId: hex(8).nullable(),
  }),
  z.object({ type: z.literal("welcome"), proof: hex(64) }),
  z.object({ type: z.literal("error"), code, message: text }),
]);

const fromNode = z.discriminatedUnion("type", [
  z.object({
    type: z.literal("node-info"),
    node: nodeId,
    name,
    platform: name,
    blender: z.string().regex(/^\d{1,3}\.\d{1,3}(\.\d{1,3})?$/),
    python: name,
    software: name,
    slots: z.number().int().min(1).max(256),
    /** Random for each start of the node; absent in older releases. */
    start: hex(16).optional(),
    cacheFreeBytes: count,
    maxBlobBytes: blobBytes,
    /** The overrides of a `job-load` that it knows; absent in older releases, which know none. */
    overrides: boundedList(name, { max: 64 }).optional(),
    /** The formats of pictures that it can write beside the PNG; absent in older releases, which write none. */
    pictures: boundedList(name, { max: 64 }).optional(),
    /** The add-ons that its owner allows jobs to enable; absent in older releases, which enable none. */
    addons: z.union([z.literal("all"), boundedList(addonName, { max: mostAddons })]).optional(),
    /** The job that it has; null if it is idle, absent in older releases. */
    job: z.object({ holder: name, name, since: count }).nullable().optional(),
  }),
  z.object({
    type: z.literal("job-opened"),
    job: jobId,
    resumed: z.boolean(),
    attempts: boundedList(z.object({ ...attemptRef, slot, state: z.enum(["assigned", "running"]) }), { max: 512 }),
    results: boundedList(result, { max: bounds.heldResults }),
    slots: boundedList(slotState, { max: 256 }),
  }),
  z.object({
    type: z.literal("busy"),
    holder: name,
    since: count,
    /** What the other job is called; absent in older releases, and if its coordinator did not say. */
    name: name.optional(),
  }),
  z.object({ type: z.literal("blob-state"), sha256: digest, haveBytes: blobBytes, complete: z.boolean() }),
  z.object({
    type: z.literal("blobs-state"),
    number: transfer,
    /** For each blob in the question: whether the node has it, a part of it, or nothing. */
    have: boundedList(z.enum(["all", "part", "none"]), { max: bounds.bundledBlobs }),
  }),
  z.object({ type: z.literal("bundle-stored"), transfer }),
  z.object({ type: z.literal("bundle-rejected"), transfer, code: blobRefusal, message: text }),
  z.object({ type: z.literal("blob-stored"), transfer, sha256: digest }),
  z.object({ type: z.literal("blob-rejected"), transfer, sha256: digest, code: blobRefusal, message: text }),
  z.object({ type: z.literal("blob-fetched"), transfer, sha256: digest }),
  z.object({ type: z.literal("blob-missing"), transfer, sha256: digest }),
  z.object({ type: z.literal("job-loaded"), job: jobId, scene: sceneInfo }),
  z.object({ type: z.literal("job-load-failed"), job: jobId, error: problem }),
  z.object({ type: z.literal("project-added"), job: jobId, number: transfer, error: problem.nullable() }),
  z.object({ type: z.literal("slot-changed"), ...slotState.shape }),
  z.object({ type: z.literal("frame-started"), ...attemptRef, slot }),
  z.object({
    type: z.literal("frame-progress"),
    ...attemptRef,
    slot,
    steps: count,
    fraction: z.number().min(0).max(1).nullable(),
  }),
  z.object({ type: z.literal("frame-rendered"), result }),
  z.object({ type: z.literal("frame-failed"), ...attemptRef, slot, error: problem }),
  z.object({ type: z.literal("frame-withdrawn"), ...attemptRef }),
  z.object({ type: z.literal("bake-progress"), fraction: z.number().min(0).max(1) }),
  z.object({
    type: z.literal("job-sampled"),
    frame,
    /** As in the `job-load` that it belongs to. */
    files: digest.nullable(),
    width: z.number().int().min(1).max(16_384),
    height: z.number().int().min(1).max(16_384),
    /** Three bytes for each pixel, row by row, in base64. */
    pixels: z.base64().max(65_536),
  }),
  z.object({ type: z.literal("check-started"), ...attemptRef, slot }),
  z.object({
    type: z.literal("check-done"),
    ...attemptRef,
    slot,
    outcome: z.enum(["equal", "different", "unrepeatable", "none"]),
    /** If different: the slot's other attempts since its last good check. */
    others: boundedList(z.object(attemptRef), { max: bounds.uncheckedFrames }),
  }),
  z.object({
    type: z.literal("order-checked"),
    number: transfer,
    /** Frames that depend on those before, and some of the objects and data-blocks that do. */
    differing: boundedList(z.object({ frame, what: boundedList(name, { max: 20 }) }), { max: bounds.checkedFrames }),
    error: problem.nullable(),
  }),
  z.object({
    type: z.literal("job-baked"),
    number: transfer,
    /** The copy with the bake, which can be fetched; null if there is none. */
    blend: z.object({ sha256: digest, sizeBytes: blobBytes }).nullable(),
    /** Why there is none. */
    error: problem.nullable(),
  }),
  z.object({
    type: z.literal("job-mixed"),
    number: transfer,
    /** The sound as a FLAC file, which can be fetched; null if there is none. */
    sound: z.object({ sha256: digest, sizeBytes: blobBytes }).nullable(),
    /** Why there is none. */
    error: problem.nullable(),
  }),
  z.object({ type: z.literal("result-begin"), transfer, ...attemptRef, sizeBytes: frameBytes, offset: frameOffset }),
  z.object({ type: z.literal("result-end"), transfer, ...attemptRef, sha256: digest }),
  z.object({ type: z.literal("result-missing"), transfer, ...attemptRef, message: text }),
  z.object({
    type: z.literal("warning"),
    code,
    message: text,
    slot: slot.nullable(),
    /** The override of the `job-load` that it is about; absent if it is about none. */
    override: name.optional(),
  }),
  z.object({ type: z.literal("job-closed"), job: jobId }),
  z.object({ type: z.literal("error"), code, message: text }),
  z.object({ type: z.literal("heartbeat") }),
]);

export type HandshakeFromNode = z.infer<typeof handshakeFromNode>;
export type FromNode = z.infer<typeof fromNode>;
export type FromCoordinator = z.infer<typeof fromCoordinator>;
export type NodeInfo = Extract<FromNode, { type: "node-info" }>;
export type JobOpened = Extract<FromNode, { type: "job-opened" }>;
export type FrameResult = z.infer<typeof result>;
export type Problem = z.infer<typeof problem>;

const longestReason = 300;

/** A message that does not follow the protocol; the error's text says in one short line where and why. */
export class NoMessageError extends Error {}

/** @throws {NoMessageError} If it is not a handshake message of a node */
export const parseHandshakeFromNode = (value: unknown): HandshakeFromNode => parse(handshakeFromNode, value);

/** @throws {NoMessageError} If it is not a message of a node, within the limits */
export const parseFromNode = (value: unknown): FromNode => parse(fromNode, value);

/**
 * Parses messages of a coordinator, for tests and for the simulated node.
 *
 * @throws {NoMessageError} If it is not such a message
 */
export const parseFromCoordinator = (value: unknown): FromCoordinator => parse(fromCoordinator, value);

/** Overrides as a `job-load` has them; `null` if they are not valid. */
export function parseOverrides(value: unknown): z.infer<typeof overrides> | null {
  return overrides.safeParse(value).data ?? null;
}

function parse<T>(schema: z.ZodType<T>, value: unknown): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  // One reason is enough: the sender may have caused thousands, and people have to read them.
  const [issue] = parsed.error.issues;
  const where = issue === undefined || issue.path.length === 0 ? "" : `${issue.path.join(".")}: `;
  throw new NoMessageError(shorten(`${where}${issue?.message}`, longestReason));
}
