import { forgive } from "./blame.ts";
import type { Draft } from "./draft.ts";
import { isUsable } from "./queries.ts";
import type { NodeRecord } from "./state.ts";

/** Tries barred nodes again after a while, if another node shows by finishing frames that the job itself is sound. */
export function forgiveInTime(draft: Draft): void {
  const { forgivenessMs } = draft.policy;
  for (const node of [...draft.nodes.values()]) {
    if (node.barredAt === null || draft.at - node.barredAt < forgivenessMs) continue;
    const others = [...draft.nodes.values()].filter((other) => other.node !== node.node);
    const isOtherAtWork = others.some(
      ({ lastStoredAt }) => lastStoredAt !== null && draft.at - lastStoredAt < forgivenessMs,
    );
    if (isOtherAtWork) forgive(draft, node);
  }
}

/** The last usable node is never barred: when the others went away, the one that was barred first is taken back. */
export function keepOneUsable(draft: Draft): void {
  let longestBarred: NodeRecord | undefined;
  for (const node of draft.nodes.values()) {
    if (isUsable(node, draft.at, draft.policy)) return;
    if (node.barredAt === null || node.unreadySince !== null) continue;
    if (node.barredAt < (longestBarred?.barredAt ?? Number.POSITIVE_INFINITY)) longestBarred = node;
  }
  if (longestBarred) forgive(draft, longestBarred);
}
