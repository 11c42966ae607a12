import type { NodeId } from "../core/node.ts";
import { closeAttempt, disregard, requeueOrFail, withdraw } from "./attempts.ts";
import type { AttemptError } from "./events.ts";
import { nodesThatFailedWith, sceneErrorOf } from "./frame-failure.ts";
import { countUnstarted } from "./slots.ts";
import type { Draft } from "./state/draft.ts";
import { attemptsOf, isUsable, usableNodes } from "./state/queries.ts";
import type { LiveAttempt, NodeRecord } from "./state/state.ts";

/** Blender has fewer; nodes that think of ever new ones are then blamed for them. */
const mostSceneCodes = 64;

/** An attempt failed and is gone from its node: counts for its frame and against its node. */
export function failAttempt(draft: Draft, attempt: LiveAttempt, error: AttemptError): void {
  closeAttempt(draft, attempt, "failed", error);
  countFailure(draft, attempt, error);
}

/** An attempt is given up although its node still works at it: the failure counts now, its later end does not. */
export function giveUpAttempt(draft: Draft, attempt: LiveAttempt, error: AttemptError): void {
  disregard(draft, attempt, "failed", error);
  countFailure(draft, attempt, error);
}

/**
 * An attempt ended through nobody's fault. Too many of these in a row from one node are taken for its failures; but one
 * that never began says nothing of its frame, nor of more than the slot it was to begin in.
 */
export function loseAttempt(draft: Draft, attempt: LiveAttempt, error: AttemptError): void {
  if (attempt.status === "assigned" && attempt.slot !== null) {
    closeAttempt(draft, attempt, "lost");
    requeueOrFail(draft, attempt, error.message);
    countUnstarted(draft, { node: attempt.node, slot: attempt.slot });
    return;
  }
  const blamelessInARow = (draft.nodes.get(attempt.node)?.blamelessInARow ?? 0) + 1;
  draft.changeNode(attempt.node, { blamelessInARow });
  if (blamelessInARow > draft.policy.blamelessEndsInARow) {
    failAttempt(draft, attempt, { ...error, fault: "node" });
    return;
  }
  closeAttempt(draft, attempt, "lost");
  requeueOrFail(draft, attempt, error.message);
}

/** Counts a failure against the node alone, as for a result that no attempt of the job can have given. */
export function blameNode(draft: Draft, id: NodeId, code: string): void {
  const node = draft.nodes.get(id);
  if (!node || draft.sceneCodes.has(code)) return;
  const limit = draft.policy.failuresThatBarANode;
  const failuresInARow = [...node.failuresInARow, code].slice(-limit);
  draft.setNode({ ...node, failuresInARow });
  if (node.barredAt !== null || failuresInARow.length < limit) return;
  // The last usable node goes on: its failures then fail frames, and the job ends instead of waiting for ever.
  if (!hasOtherUsable(draft, id)) return;
  bar(draft, id, `${limit} failures in a row: ${[...new Set(failuresInARow)].join(", ")}`);
}

/** Lets a barred node take part again; one more failure before it stores a frame bars it once more. */
export function forgive(draft: Draft, node: NodeRecord): void {
  const failuresInARow = node.failuresInARow.slice(0, draft.policy.failuresThatBarANode - 1);
  draft.setNode({ ...node, barredAt: null, failuresInARow, blamelessInARow: 0 });
  draft.emit({ type: "announce", notice: { type: "node-forgiven", node: node.node } });
}

function countFailure(draft: Draft, attempt: LiveAttempt, error: AttemptError): void {
  blameScene(draft, attempt);
  blameNode(draft, attempt.node, error.code);
  requeueOrFail(draft, attempt, error.message, error.code);
}

function blameScene(draft: Draft, attempt: LiveAttempt): void {
  const record = draft.frames.get(attempt.frame);
  const error = record ? sceneErrorOf(draft, record) : null;
  if (!record || !error || draft.sceneCodes.has(error.code) || draft.sceneCodes.size >= mostSceneCodes) return;
  draft.blameScene(error.code);
  const nodes = nodesThatFailedWith(draft, record, error.code);
  draft.emit({ type: "announce", notice: { type: "scene-at-fault", error, nodes } });
  // What the scene did is taken back from the nodes that were blamed for it.
  for (const node of draft.nodes.values()) {
    const failuresInARow = node.failuresInARow.filter((code) => code !== error.code);
    if (failuresInARow.length === node.failuresInARow.length) continue;
    draft.setNode({ ...node, failuresInARow });
    if (node.barredAt !== null) forgive(draft, { ...node, failuresInARow });
  }
}

function bar(draft: Draft, id: NodeId, reason: string): void {
  draft.changeNode(id, { barredAt: draft.at });
  draft.emit({ type: "announce", notice: { type: "node-barred", node: id, reason } });
  for (const attempt of attemptsOf(draft, id)) {
    if (attempt.recall !== "none") continue;
    if (attempt.status === "assigned") {
      withdraw(draft, attempt);
      continue;
    }
    // A result is judged for itself, unless nothing but the node's word says that there is one.
    if (attempt.status === "rendered" && attempt.attempt >= draft.firstAttempt) continue;
    disregard(draft, attempt, "cancelled");
    requeueOrFail(draft, attempt, "its node was barred");
  }
}

function hasOtherUsable(draft: Draft, id: NodeId): boolean {
  const node = draft.nodes.get(id);
  const isItself = node !== undefined && isUsable(node, draft.at, draft.policy);
  return usableNodes(draft, draft.at) > Number(isItself);
}
