import type { Frame, NodeId } from "../core/node.ts";
import type { FrameRecord } from "../frames/frame-record.ts";
import type { FrameStore } from "../frames/frame-store.ts";
import type { AttemptRef, EventBody } from "../scheduler/events.ts";
import type { NodeSession } from "../session/node-session.ts";
import type { FrameResult } from "../session/protocol.ts";
import { takeIn } from "./result-intake.ts";

/** A node sends one result after the other: a few keep it busy, and more would only hold files open here. */
const fetchesAtOnce = 4;

export interface DeskOptions {
  readonly store: FrameStore;
  /** How many attempts the frame has taken, for its record. */
  readonly attemptsAt: (frame: Frame) => number;
  /** Every fetch ends as one event. After the loss of its node only a result that was stored all the same is told of. */
  readonly onEvent: (event: EventBody) => void;
  /** What no node is to blame for, as a disk of ours that is full. */
  readonly onBroken: (error: unknown) => void;
  readonly signal: AbortSignal;
}

interface Counter {
  readonly session: NodeSession;
  readonly waiting: FrameResult[];
  running: number;
}

/** Where results are handed in: for each node a few are fetched at once, and the others wait in the order given. */
export class ResultDesk {
  readonly #options: DeskOptions;
  readonly #counters = new Map<NodeId, Counter>();

  constructor(options: DeskOptions) {
    this.#options = options;
  }

  joined(session: NodeSession): void {
    this.#counters.set(session.info.node, { session, waiting: [], running: 0 });
  }

  /** What waits goes with the link; what is being fetched finds out by itself. */
  lost(node: NodeId): void {
    this.#counters.get(node)?.waiting.splice(0);
    this.#counters.delete(node);
  }

  fetch(node: NodeId, result: FrameResult): void {
    const counter = this.#counters.get(node);
    if (!counter) return;
    counter.waiting.push(result);
    this.#serve(counter);
  }

  /** It is no longer wanted. One that is being fetched comes to its end all the same. */
  release(node: NodeId, ref: AttemptRef): void {
    const waiting = this.#counters.get(node)?.waiting ?? [];
    const index = waiting.findIndex(({ frame, attempt }) => frame === ref.frame && attempt === ref.attempt);
    const result = index < 0 ? undefined : waiting.splice(index, 1)[0];
    if (result) this.#options.onEvent({ type: "result-lost", node, ...ref });
  }

  /** Begins no more fetches. */
  close(): void {
    for (const node of [...this.#counters.keys()]) this.lost(node);
  }

  #serve(counter: Counter): void {
    const { store, attemptsAt, onEvent, onBroken, signal } = this.#options;
    const { session, waiting } = counter;
    const { node } = session.info;
    while (counter.running < fetchesAtOnce) {
      const result = waiting.shift();
      if (!result) return;
      counter.running += 1;
      const onEnd = (event: EventBody) => {
        // On a newer link the same result may be on its way again: what became of it on this one says nothing of that.
        if (event.type === "frame-stored" || this.#counters.get(node) === counter) onEvent(event);
      };
      const record = recordOf(session, result, attemptsAt(result.frame));
      takeIn({ session, result, record, store, signal })
        .then(onEnd, onBroken)
        .finally(() => {
          counter.running -= 1;
          this.#serve(counter);
        });
    }
  }
}

function recordOf({ info }: NodeSession, result: FrameResult, attempts: number): FrameRecord {
  const { node, name, blender } = info;
  const { frame, device, seconds, sha256, sizeBytes } = result;
  return { frame, node: { id: node, name }, blender, device, attempts, seconds, sha256, sizeBytes };
}
