import type { AttemptError, Fault } from "../../../scheduler/events.ts";
import type { Problem } from "../../../session/protocol.ts";

/** Codes (docs/protocol.md, "Error codes") that say nothing about the scene or the node. */
const nobodysFault = new Set(["CANCELLED", "SLOT_LOST", "SLOT_FULL"]);

/** Codes caused by a node's hardware or by how its Blender was built: another node may well render the frame. */
const nodesFault = new Set([
  "ADDON_FAILED",
  "ENGINE_MISSING",
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

/** Who is to blame for an error. An unknown code counts against the scene. */
export function faultOf(code: string): Fault {
  if (nobodysFault.has(code)) return "nobody";
  return nodesFault.has(code) ? "node" : "scene";
}

/** A node's error as the scheduler takes it. */
export function attemptErrorOf(problem: Problem): AttemptError {
  return { code: problem.code, message: problem.message, hint: problem.hint, fault: faultOf(problem.code) };
}
