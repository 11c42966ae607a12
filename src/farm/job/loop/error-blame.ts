import type { AttemptError, Fault } from "../../../scheduler/events.ts";
import type { Problem } from "../../../session/protocol.ts";

/** Codes of docs/protocol.md, "Error codes", that say nothing about scene or node. */
const nobodysFault = new Set(["CANCELLED", "SLOT_LOST", "SLOT_FULL"]);

/** Codes that tell of a node's hardware or of how its Blender was built: another node may well render the frame. */
const nodesFault = new Set([
  "KILLED",
  "OUT_OF_MEMORY",
  "OUT_OF_GPU_MEMORY",
  "GPU_FAILED",
  "NO_DENOISER",
  "NO_EGL",
  "NO_DISPLAY",
  "DISK_FULL",
  "FILES_CHANGED",
  "BLOB_MISSING",
  "READ_FAILED",
  "BLENDER_MISSING",
]);

/** Whose fault an error is: what a node cannot help and does not share with others may be the scene's. */
export function faultOf(code: string): Fault {
  if (nobodysFault.has(code)) return "nobody";
  return nodesFault.has(code) ? "node" : "scene";
}

/** A node's account of a failed attempt, in the scheduler's words. */
export function attemptErrorOf(problem: Problem): AttemptError {
  return { code: problem.code, message: problem.message, hint: problem.hint, fault: faultOf(problem.code) };
}
