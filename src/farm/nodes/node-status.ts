import type { FarmError } from "../../core/errors.ts";
import { LoadFailedError } from "../../session/load-failed.ts";

/**
 * The status of a node in a job.
 *
 * `connecting`: the first attempt to reach it is not over. `unreachable`: the last attempt failed, and there will be
 * another. `connected`: it has authenticated itself, but does not have the job. `busy`: it works for another
 * coordinator. `claimed`: it has the job, and receives or opens the blendfile. `joined`: it renders. `lost`: it had
 * joined, and its link is lost. `excluded`: it takes no part.
 */
export type NodeStatus =
  | { readonly kind: "connecting" | "connected" | "busy" | "claimed" | "joined" | "lost" }
  | { readonly kind: "unreachable"; readonly problem: FarmError }
  | { readonly kind: "excluded"; readonly reason: FarmError };

/** What must be known of each node to judge whether a job can continue. */
export interface NodeStanding {
  readonly status: NodeStatus;
  /** Whether it has opened the blendfile in this job, perhaps on an earlier link. */
  readonly hasJoined: boolean;
}

/** Whether any node that was found may still take part. */
export function isAnyAlive(nodes: Iterable<NodeStanding>): boolean {
  return [...nodes].some(({ status }) => status.kind !== "excluded");
}

/** Whether any node has the job now, even if it is still receiving or opening the blendfile. */
export function isAnyClaimed(nodes: Iterable<NodeStanding>): boolean {
  return [...nodes].some(({ status }) => status.kind === "claimed" || status.kind === "joined");
}

/** What is wrong with the nodes that were found. */
export function problemsOf(nodes: Iterable<NodeStanding>): FarmError[] {
  return [...nodes].flatMap(({ status }) => {
    if (status.kind === "unreachable") return [status.problem];
    return status.kind === "excluded" ? [status.reason] : [];
  });
}

/**
 * The load error, if every reachable node failed to open the blendfile and the rest were never reached. Without it, the
 * job would wait for those for ever.
 */
export function loadErrorOf(nodes: Iterable<NodeStanding>): FarmError | undefined {
  const all = [...nodes];
  const mayCome = ({ status, hasJoined }: NodeStanding) =>
    status.kind !== "excluded" && (hasJoined || status.kind !== "unreachable");
  if (all.some(mayCome)) return undefined;
  return problemsOf(all.filter(({ status }) => status.kind === "excluded")).findLast(isLoadError);
}

/** Whether the node was excluded because it could not prove its identity: an impostor may have answered. */
export function wasImpostor(status: NodeStatus): boolean {
  const code = status.kind === "excluded" ? status.reason.code : undefined;
  return code === "FARM_KEY_UNUSABLE" || code === "FARM_CERTIFICATE_REFUSED";
}

function isLoadError(error: FarmError): boolean {
  return error instanceof LoadFailedError || error.code === "FARM_LOAD_FAILED";
}
