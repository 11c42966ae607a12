import type { NodeId } from "../core/node.ts";
import { forgive } from "./blame.ts";
import type { Draft } from "./state/draft.ts";
import { usableNodes } from "./state/queries.ts";

/** Tries barred nodes again after a while, if another node shows by finishing frames that the job itself is sound. */
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

/** The last usable node is never barred: when the others went away, the one that was barred first is taken back. */
export function keepOneUsable(draft: Draft): void {
  if (usableNodes(draft, draft.at) > 0) return;
  for (const [, id] of draft.indices.barred.values()) {
    const node = draft.nodes.get(id);
    if (node?.unreadySince !== null) continue;
    forgive(draft, node);
    return;
  }
}
