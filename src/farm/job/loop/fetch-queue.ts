import type { Frame, NodeId } from "../../../core/node.ts";
import type { FrameRecord } from "../../../frames/frame-record.ts";
import type { FrameStore } from "../../../frames/frame-store.ts";
import type { AttemptRef, EventBody } from "../../../scheduler/events.ts";
import type { FrameResult } from "../../../session/protocol.ts";
import type { Worker } from "../../worker.ts";
import { fetchResult } from "./fetch-result.ts";

/** A node sends one result after the other: a few keep it busy, and more would only hold files open here. */
const fetchesAtOnce = 4;
/** Results proved and written at once. More of them would all be slower, and the first as late as the last. */
const storedAtOnce = 8;
/** Results that have come and wait to be stored. With so many, our disk is what is slow: no more are asked for. */
const mostArrived = 32;

export interface FetchQueueOptions {
  readonly store: FrameStore;
  /** How many attempts the frame has taken, for its record. */
  readonly attemptsAt: (frame: Frame) => number;
  /**
   * Every fetch ends as one event, after those that tell how far it is. After the loss of its node only a result that was
   * stored all the same is told of.
   */
  readonly onEvent: (event: EventBody) => void;
  /** What no node is to blame for, as a disk of ours that is full. */
  readonly onBroken: (error: unknown) => void;
  readonly signal: AbortSignal;
}

interface NodeQueue {
  readonly worker: Worker;
  readonly waiting: FrameResult[];
  /** Results whose bytes are on their way. */
  coming: number;
}

/**
 * Where results are handed in: for each node a few are fetched at once, and the others wait in the order given. Of those that
 * have come a few are stored at once, in the order in which they came, and while too many wait for that nothing is fetched: so
 * the first is soon stored, however many there are.
 */
export class FetchQueue {
  readonly #options: FetchQueueOptions;
  readonly #queues = new Map<NodeId, NodeQueue>();
  /** Those who have something waiting and are not served because too much has come. */
  readonly #paused = new Set<NodeQueue>();
  /** Those who wait to be stored: called in their turn. */
  readonly #arrived: (() => void)[] = [];
  #storing = 0;

  constructor(options: FetchQueueOptions) {
    this.#options = options;
  }

  joined(worker: Worker): void {
    this.#queues.set(worker.info.node, { worker, waiting: [], coming: 0 });
  }

  /** What waits goes with the link; what is being fetched finds out by itself. */
  lost(node: NodeId): void {
    const queue = this.#queues.get(node);
    if (!queue) return;
    queue.waiting.splice(0);
    this.#paused.delete(queue);
    this.#queues.delete(node);
  }

  fetch(node: NodeId, result: FrameResult): void {
    const queue = this.#queues.get(node);
    if (!queue) return;
    queue.waiting.push(result);
    this.#startNext(queue);
  }

  /** It is no longer wanted. One that is being fetched comes to its end all the same. */
  release(node: NodeId, ref: AttemptRef): void {
    const waiting = this.#queues.get(node)?.waiting ?? [];
    const index = waiting.findIndex(({ frame, attempt }) => frame === ref.frame && attempt === ref.attempt);
    const result = index < 0 ? undefined : waiting.splice(index, 1)[0];
    if (result) this.#options.onEvent({ type: "result-lost", node, ...ref });
  }

  /** Begins no more fetches. */
  close(): void {
    for (const node of [...this.#queues.keys()]) this.lost(node);
  }

  #startNext(queue: NodeQueue): void {
    while (queue.coming < fetchesAtOnce && queue.waiting.length > 0) {
      if (this.#arrived.length >= mostArrived) {
        this.#paused.add(queue);
        return;
      }
      const result = queue.waiting.shift();
      if (result) void this.#take(queue, result);
    }
  }

  /** Never rejects. */
  async #take(queue: NodeQueue, result: FrameResult): Promise<void> {
    const { store, attemptsAt, onBroken, signal } = this.#options;
    const { worker } = queue;
    const ref = { node: worker.info.node, frame: result.frame, attempt: result.attempt };
    const record = recordOf(worker, result, attemptsAt(result.frame));
    let hasArrived = false;
    const arrive = () => {
      if (hasArrived) return;
      hasArrived = true;
      queue.coming -= 1;
      this.#startNext(queue);
    };
    const onArrived = async () => {
      this.#tell(queue, { type: "result-arrived", ...ref });
      const turn = this.#turn();
      arrive();
      await turn;
    };
    queue.coming += 1;
    this.#tell(queue, { type: "fetch-begun", ...ref });
    try {
      this.#tell(queue, await fetchResult({ worker, result, record, store, onArrived, signal }));
    } catch (error) {
      onBroken(error);
    }
    if (hasArrived) this.#endTurn();
    arrive();
  }

  /** On a newer link the same result may be on its way again: what became of it on this one says nothing of that. */
  #tell(queue: NodeQueue, event: EventBody): void {
    const isCurrent = this.#queues.get(queue.worker.info.node) === queue;
    if (isCurrent || event.type === "frame-stored") this.#options.onEvent(event);
  }

  /** Resolves when the result that has come may be stored. */
  #turn(): Promise<void> {
    if (this.#storing < storedAtOnce) {
      this.#storing += 1;
      return Promise.resolve();
    }
    return new Promise((resolve) => this.#arrived.push(resolve));
  }

  #endTurn(): void {
    const next = this.#arrived.shift();
    if (next) next();
    else this.#storing -= 1;
    // In the order in which they were turned away; one that is so again stands at the end.
    for (const queue of this.#paused) {
      if (this.#arrived.length >= mostArrived) return;
      this.#paused.delete(queue);
      this.#startNext(queue);
    }
  }
}

function recordOf({ info }: Worker, result: FrameResult, attempts: number): FrameRecord {
  const { node, name, blender } = info;
  const { frame, device, seconds, sha256, sizeBytes } = result;
  return { frame, node: { id: node, name }, blender, device, attempts, seconds, sha256, sizeBytes };
}
