import type { Frame, NodeId } from "../../core/node.ts";
import type { SlotTimes } from "./slot-time.ts";

/** Time that a node spent on a frame. */
interface PendingTime {
  /** Where it is counted, once it is known as what. */
  readonly times: SlotTimes;
  readonly spentMs: number;
  /** Since when its result could be fetched. */
  readonly readyMs: number;
}

/** Attempts of which it is not known yet whether their frame is stored from them: that decides what their time was. */
export class PendingAttemptTime {
  readonly #open = new Map<Frame, Map<NodeId, PendingTime>>();
  /** What went into the result that is stored of each frame. */
  readonly #stored = new Map<Frame, PendingTime>();

  /** A node has a result, or still renders when no more is heard of it; what it spent on it before is added. */
  add(frame: Frame, node: NodeId, { times, spentMs, readyMs }: PendingTime): void {
    const ofFrame = this.#open.get(frame) ?? new Map<NodeId, PendingTime>();
    const beforeMs = ofFrame.get(node)?.spentMs ?? 0;
    this.#open.set(frame, ofFrame.set(node, { times, spentMs: beforeMs + spentMs, readyMs }));
  }

  /** The node is linked again: what it has can be fetched from now on. */
  joined(node: NodeId, atMs: number): void {
    for (const ofFrame of this.#open.values()) {
      const effort = ofFrame.get(node);
      if (effort) ofFrame.set(node, { ...effort, readyMs: atMs });
    }
  }

  /**
   * A frame is stored: what others spent on it was wasted, and what was stored of it before, which did not last.
   *
   * @returns How long its transfer took
   */
  store(frame: Frame, node: NodeId, atMs: number): number {
    const former = this.#stored.get(frame);
    this.#stored.delete(frame);
    if (former) {
      former.times.render -= former.spentMs;
      former.times.wasted += former.spentMs;
    }
    const effort = this.#open.get(frame)?.get(node);
    this.#open.get(frame)?.delete(node);
    this.waste(frame);
    if (!effort) return 0;
    effort.times.render += effort.spentMs;
    this.#stored.set(frame, effort);
    return atMs - effort.readyMs;
  }

  /** What was spent on the frame came to nothing: on one node, or on all. */
  waste(frame: Frame, node?: NodeId): void {
    const ofFrame = this.#open.get(frame);
    for (const [whose, { times, spentMs }] of ofFrame ?? []) {
      if (node !== undefined && whose !== node) continue;
      times.wasted += spentMs;
      ofFrame?.delete(whose);
    }
    if (ofFrame?.size === 0) this.#open.delete(frame);
  }

  /** What has not come to anything by now never did. */
  end(): void {
    for (const frame of [...this.#open.keys()]) this.waste(frame);
  }
}
