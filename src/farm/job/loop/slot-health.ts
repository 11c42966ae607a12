import type { NodeId, SlotId } from "../../../core/node.ts";
import type { JobOpened, Problem } from "../../../session/protocol.ts";
import { blobMissing } from "../../nodes/blend-supply.ts";

/** A node starts a slot that ended at once; one that stays away this long has been given up there. */
const gaveUpAfterMs = 30_000;

/** The blendfile is on its way there again, which takes as long as it is large. */
const suppliedWithinMs = 3_600_000;

/** Failures of attempts that say nothing of their slot, or follow what did. */
const slotGoesOn = new Set(["SLOT_FULL", "SLOT_LOST"]);

interface SlotState {
  readonly state: "starting" | "ready" | "lost";
  readonly sinceMs: number;
  readonly error: Problem | null;
}

/** A node that has a link and nothing to render with. */
export interface IdleNode {
  readonly node: NodeId;
  /** What its last slot said when it ended. */
  readonly error: Problem | null;
}

/**
 * Watches the slots of all nodes. A node gives up a slot that never gets a frame done; when it has given up all of them it
 * still answers, and the job would wait for it for ever.
 */
export class SlotHealth {
  readonly #nodes = new Map<NodeId, Map<SlotId, SlotState>>();

  joined(node: NodeId, slots: JobOpened["slots"], atMs: number): void {
    this.#nodes.set(node, new Map());
    for (const slot of slots) this.changed(node, slot, atMs);
  }

  changed(node: NodeId, slot: JobOpened["slots"][number], atMs: number): void {
    this.#nodes.get(node)?.set(slot.slot, { state: slot.state, sinceMs: atMs, error: slot.error });
  }

  /** An attempt failed in the slot, which ends its process: a node that never says so is not waited for either. */
  failed(node: NodeId, slot: SlotId, error: Problem, atMs: number): void {
    if (!slotGoesOn.has(error.code)) this.#nodes.get(node)?.set(slot, { state: "lost", sinceMs: atMs, error });
  }

  lost(node: NodeId): void {
    this.#nodes.delete(node);
  }

  /** Nodes to wait for no longer: their slots are all given up. While others render, somebody may make room on a disk. */
  idleNodes(atMs: number): IdleNode[] {
    const idle = this.#allGivenUp(atMs);
    return idle.length === this.#nodes.size ? idle : idle.filter(({ error }) => error?.code !== "DISK_FULL");
  }

  #allGivenUp(atMs: number): IdleNode[] {
    return [...this.#nodes].flatMap(([node, slots]) => {
      const states = [...slots.values()];
      const isGivenUp = ({ state, sinceMs, error }: SlotState) =>
        state === "lost" && atMs - sinceMs > (error?.code === blobMissing ? suppliedWithinMs : gaveUpAfterMs);
      const isIdle = states.length > 0 && states.every(isGivenUp);
      return isIdle ? [{ node, error: states.at(-1)?.error ?? null }] : [];
    });
  }
}
