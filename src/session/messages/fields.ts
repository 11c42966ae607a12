/** The fields that messages consist of, and their limits (docs/protocol.md, section 1). */
import { z } from "zod";
import { addonPattern } from "../../core/bounds/addon-names.ts";
import { longestName } from "../../core/bounds/names.ts";
import { highestFrame } from "../../core/frame-range.ts";
import { pictureFormats } from "../../core/pictures/picture-format.ts";

export const bounds = {
  handshakeTextBytes: 4 * 1024,
  textBytes: 1024 * 1024,
  blobBytes: 1024 ** 4,
  frameBytes: 4 * 1024 ** 3,
  frameNumber: highestFrame,
  /** As many results as a node may have waiting. About as many fit into a message of usual size. */
  heldResults: 4_096,
  uncheckedFrames: 4_096,
  checkedFrames: 16,
  /** Files of one `project-add`. */
  addedFiles: 256,
  /** Small files that are asked for, or sent, together. */
  bundledBlobs: 256,
  /** Pictures of a frame, beside its PNG. */
  pictures: 256,
  pieceBytes: 1024 * 1024,
} as const;

export const hex = (digits: number) => z.string().regex(new RegExp(`^[0-9a-f]{${digits}}$`));
export const count = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);
export const name = z.string().max(longestName);
/** The name of an add-on's module; a node imports nothing else. */
export const addonName = name.regex(addonPattern);
export const text = z.string().max(4096);
export const path = z.string().max(4096);
export const digest = hex(64);
export const nodeId = hex(32);
export const jobId = hex(32);
export const frame = z.number().int().min(-bounds.frameNumber).max(bounds.frameNumber);
const attempt = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);
export const slot = z.number().int().min(0).max(255);
export const transfer = z.number().int().min(0).max(0xffff_ffff);
export const seconds = z.number().min(0).max(1e9);
export const code = z.string().regex(/^[A-Z][A-Z0-9_]{0,63}$/);
export const colorMode = z.enum(["BW", "RGB", "RGBA"]);
export const depth = z.union([z.literal(8), z.literal(16)]);
export const pictureFormat = z.enum(pictureFormats);
export const pictureDepth = z.union([z.literal(8), z.literal(16), z.literal(32)]);
export const size = z.number().int().min(1).max(65_536);
export const blobBytes = z.number().int().min(0).max(bounds.blobBytes);
export const frameBytes = z.number().int().min(1).max(bounds.frameBytes);
export const frameOffset = z.number().int().min(0).max(bounds.frameBytes);

/** What names an attempt, in messages about it. */
export const attemptRef = { frame, attempt };
