import { z } from "zod";
import { boundedList } from "./bounded-list.ts";
import { attemptRef, bounds, colorMode, depth, digest, frameBytes, name, seconds, size, slot } from "./fields.ts";

const picture = z.object({
  kind: z.enum(["view", "node"]),
  /** The place of its view in the form's `suffixes`. */
  view: z.number().int().min(0).max(63),
  /** The path under which a File Output node's user expects it; empty for a view. */
  name: z.string().max(1024),
  sizeBytes: frameBytes,
  sha256: digest,
});

/** A rendered frame, and the files beside it. */
export const result = z.object({
  ...attemptRef,
  slot,
  sha256: digest,
  sizeBytes: frameBytes,
  width: size,
  height: size,
  depth,
  colorMode,
  seconds,
  /** The part of `seconds` in which the scene was played up to the frame; absent if it was not. */
  playSeconds: seconds.optional(),
  device: name,
  /** The files beside the PNG; absent without any. */
  pictures: boundedList(picture, { max: bounds.pictures }).optional(),
});
