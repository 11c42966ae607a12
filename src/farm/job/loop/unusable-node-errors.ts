import { FarmError } from "../../../core/errors.ts";
import type { Problem } from "../../../session/protocol.ts";

/** Errors that are not about Blender itself. */
const circumstances: readonly string[] = ["DISK_FULL", "FILES_CHANGED"];

/** Why a node is excluded that has a link, but no slot to render with. @param error With which the last slot ended */
export function allSlotsLost(name: string, error: Problem | null): FarmError {
  const isWell = error !== null && circumstances.includes(error.code);
  const words = isWell ? "" : `its Blender ended again and again${error ? ": " : ""}`;
  return new FarmError(
    "FARM_LOAD_FAILED",
    `Cannot render on ${name}: ${words}${error?.message ?? ""}`,
    error?.hint || "Check what that node printed",
  );
}

/** Why a node is excluded whose slots do not follow instructions. @param reason The scheduler's */
export function nodeExcluded(name: string, reason: string): FarmError {
  return new FarmError("FARM_NODE_EXCLUDED", `Cannot render on ${name}: ${reason}`, "Check what that node printed");
}
