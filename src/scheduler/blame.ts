import type { NodeId } from "../core/node.ts";
import { closeAttempt, disregard, requeueOrFail, withdraw } from "./attempts.ts";
import type { AttemptError } from "./events.ts";
import { nodesThatFailedWith, sceneErrorOf } from "./frame-failure.ts";
import { countUnstarted } from "./slots.ts";
import type { Draft } from "./state/draft.ts";
import { attemptsOf, isUsable, usableNodes } from "./state/queries.ts";
import type { LiveAttempt, NodeRecord } from "./state/state.ts";

/** There are fewer real codes. A node that makes up new ones all the time is then blamed itself. */
const mostSceneCodes = 64;

/** An attempt has failed and is gone from its node. It counts against its frame and its node. */
export function failAttempt(draft: Draft, attempt: LiveAttempt, error: AttemptError): void {
  closeAttempt(draft, attempt, "failed", error);
  countFailure(draft, attempt, error);
}

/** Abandons an attempt that its node is still working on: the failure counts now, its later end does not. */
export function abandonAttempt(draft: Draft, attempt: LiveAttempt, error: AttemptError): void {
  disregard(draft, attempt, "failed", error);
  countFailure(draft, attempt, error);
}

/**
 * An attempt ended, and nobody is to blame. Too many of these in a row from one node count as its failures. An attempt
 * that never started says nothing about its frame, and nothing about the node beyond its slot.
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

/**
 * Counts a failure against the node only, for example for a result that no attempt of the job can have.
 *
 * @param what What happened, for people
 */
export function blameNode(draft: Draft, id: NodeId, code: string, what: string): void {
  const node = draft.nodes.get(id);
  if (!node || draft.sceneCodes.has(code)) return;
  const limit = draft.policy.failuresThatBarANode;
  const failuresInARow = [...node.failuresInARow, code].slice(-limit);
  draft.setNode({ ...node, failuresInARow });
  if (node.barredAt !== null || failuresInARow.length < limit) return;
  // The last usable node is not barred: its failures then fail frames, so the job ends instead of waiting for ever.
  if (!hasOtherUsable(draft, id)) return;
  const last = new Set(failuresInARow).size > 1 ? ", the last one" : "";
  bar(draft, id, `${limit} failures in a row${last}: ${what}`);
}

/** Lets a barred node take part again. One more failure before it stores a frame bars it again. */
export function forgive(draft: Draft, node: NodeRecord): void {
  const failuresInARow = node.failuresInARow.slice(0, draft.policy.failuresThatBarANode - 1);
  draft.setNode({ ...node, barredAt: null, failuresInARow, blamelessInARow: 0 });
  draft.emit({ type: "announce", notice: { type: "node-forgiven", node: node.node } });
}

function countFailure(draft: Draft, attempt: LiveAttempt, error: AttemptError): void {
  blameScene(draft, attempt);
  blameNode(draft, attempt.node, error.code, error.message);
  requeueOrFail(draft, attempt, error.message, error.code);
}

function blameScene(draft: Draft, attempt: LiveAttempt): void {
  const record = draft.frames.get(attempt.frame);
  const error = record ? sceneErrorOf(draft, record) : null;
  if (!record || !error || draft.sceneCodes.has(error.code) || draft.sceneCodes.size >= mostSceneCodes) return;
  draft.blameScene(error.code);
  const nodes = nodesThatFailedWith(draft, record, error.code);
  draft.emit({ type: "announce", notice: { type: "scene-at-fault", error, nodes } });
  // Nodes are no longer blamed for what the scene did.
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
    // A result is still checked on its own, unless only the node claims that it exists.
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
