import type { NodeId } from "../core/node.ts";
import { forgive } from "./blame.ts";
import type { Draft } from "./state/draft.ts";
import { usableNodes } from "./state/queries.ts";

/**
 * Lets barred nodes take part again after a while, if another node shows by storing frames that the job itself works.
 */
export function forgiveInTime(draft: Draft): void {
  for (const [barredAt, id] of draft.indices.barred.values()) {
    if (draft.at - barredAt < draft.policy.forgivenessMs) return;
    const node = draft.nodes.get(id);
    if (node && isOtherAtWork(draft, id)) forgive(draft, node);
  }
}

function isOtherAtWork({ at, lastStored, policy }: Draft, id: NodeId): boolean {
  return lastStored.some((stored) => stored.node !== id && at - stored.at < policy.forgivenessMs);
}

/** The last usable node is never barred: if the others have left, the node that was barred first takes part again. */
export function keepOneUsable(draft: Draft): void {
  if (usableNodes(draft, draft.at) > 0) return;
  for (const [, id] of draft.indices.barred.values()) {
    const node = draft.nodes.get(id);
    if (node?.unreadySince !== null) continue;
    forgive(draft, node);
    return;
  }
}
