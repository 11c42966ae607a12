import { FarmError } from "../../core/errors.ts";
import { LoadFailedError } from "../../session/load-failed.ts";
import type { NodeInfo } from "../../session/protocol.ts";

/** A node that is claimed this often in a row without any progress is excluded. */
export const fruitlessClaims = 10;

/** Whether trying again cannot help, as the reason lasts as long as the job. */
export function isFinal(error: FarmError): boolean {
  return (
    error instanceof LoadFailedError ||
    error.code === "FARM_LOAD_FAILED" ||
    error.code === "FARM_KEY_UNUSABLE" ||
    error.code === "FARM_CERTIFICATE_REFUSED" ||
    error.code === "FARM_NODE_EXCLUDED" ||
    error.code === "FARM_NODE_OPEN" ||
    error.code === "FARM_BLEND_REJECTED" ||
    error.code === "FARM_BAD_INPUT"
  );
}

export function excludedBy(info: NodeInfo, exclusion: string): FarmError {
  return new FarmError(
    "FARM_NODE_EXCLUDED",
    `Cannot use ${info.name}: ${exclusion}`,
    "Other nodes render its frames; --blender-version and --mix-versions change this rule",
  );
}

export function neverGetsOn(info: NodeInfo, last: FarmError): FarmError {
  return new FarmError(
    "FARM_NODE_EXCLUDED",
    `Cannot use ${info.name}: it was lost ${fruitlessClaims} times before it had opened the blendfile; most recently: ${last.message}`,
    "Check what that node printed",
    { cause: last },
  );
}
