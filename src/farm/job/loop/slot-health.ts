import type { NodeId, SlotId } from "../../../core/node.ts";
import type { NodeReport } from "../../../session/node-report.ts";
import type { JobOpened, Problem } from "../../../session/protocol.ts";
import { blobMissing } from "../../nodes/supply/blend-supply.ts";

/** A node restarts a slot that has ended at once. One that stays away this long is not restarted any more. */
const gaveUpAfterMs = 30_000;

/** For a node that is receiving the blendfile again. */
const suppliedWithinMs = 3_600_000;

/** Failures that do not mean that the slot's process has ended, or that follow from its end. */
const slotGoesOn = new Set(["SLOT_FULL", "SLOT_LOST"]);

interface SlotState {
  readonly state: "starting" | "ready" | "lost";
  readonly sinceMs: number;
  readonly error: Problem | null;
}

/** A node that has a link, but no slot to render with. */
export interface IdleNode {
  readonly node: NodeId;
  /** The error with which its last slot ended. */
  readonly error: Problem | null;
}

/**
 * Watches the slots of all nodes. A node stops restarting a slot that never finishes a frame. When it has stopped all
 * of them, it still answers, and the job would wait for it for ever.
 */
export class SlotHealth {
  readonly #nodes = new Map<NodeId, Map<SlotId, SlotState>>();

  joined(node: NodeId, slots: JobOpened["slots"], atMs: number): void {
    this.#nodes.set(node, new Map());
    for (const slot of slots) this.changed(node, slot, atMs);
  }

  hear(node: NodeId, report: NodeReport, atMs: number): void {
    if (report.type === "slot-changed") this.changed(node, report, atMs);
    if (report.type === "frame-failed") this.failed(node, report.slot, report.error, atMs);
  }

  changed(node: NodeId, slot: JobOpened["slots"][number], atMs: number): void {
    this.#nodes.get(node)?.set(slot.slot, { state: slot.state, sinceMs: atMs, error: slot.error });
  }

  /** An attempt failed, which ends the slot's process, even if the node never reports that. */
  failed(node: NodeId, slot: SlotId, error: Problem, atMs: number): void {
    if (!slotGoesOn.has(error.code)) this.#nodes.get(node)?.set(slot, { state: "lost", sinceMs: atMs, error });
  }

  lost(node: NodeId): void {
    this.#nodes.delete(node);
  }

  /**
   * Nodes not worth waiting for, as all their slots have stopped. While other nodes render, somebody may free a disk.
   */
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
