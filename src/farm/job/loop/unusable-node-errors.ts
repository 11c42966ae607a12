import { FarmError } from "../../../core/errors.ts";
import type { Problem } from "../../../session/protocol.ts";

/** What keeps a Blender from rendering that is well itself. */
const circumstances: readonly string[] = ["DISK_FULL", "FILES_CHANGED"];

/** Why a node is left out that has a link and no slot to render with. @param error What the last one said when it ended */
export function allSlotsLost(name: string, error: Problem | null): FarmError {
  const isWell = error !== null && circumstances.includes(error.code);
  const words = isWell ? "" : `its Blender ended again and again${error ? ": " : ""}`;
  return new FarmError(
    "FARM_LOAD_FAILED",
    `Cannot render on ${name}: ${words}${error?.message ?? ""}`,
    error?.hint || "Look at what that node printed",
  );
}

/** Why a node is left out whose slots do not do what they are told. @param reason In the scheduler's words */
export function nodeExcluded(name: string, reason: string): FarmError {
  return new FarmError("FARM_NODE_EXCLUDED", `Cannot render on ${name}: ${reason}`, "Look at what that node printed");
}
