import type { Frame, NodeId } from "../../../core/node.ts";
import type { FrameRecord } from "../../../frames/frame-record.ts";
import type { FrameStore } from "../../../frames/frame-store.ts";
import type { AttemptRef, EventBody } from "../../../scheduler/events.ts";
import type { FrameResult } from "../../../session/protocol.ts";
import type { Worker } from "../../worker.ts";
import { fetchResult } from "./fetch-result.ts";

/** A node sends one result after the other. A few keep it busy; more would only hold files open here. */
const fetchesAtOnce = 4;
/** Results checked and written at once. With more, all would be slower, and the first as late as the last. */
const storedAtOnce = 8;
/** Results that have arrived and wait to be stored. At this number our own disk is too slow: fetching pauses. */
const mostArrived = 32;

export interface FetchQueueOptions {
  readonly store: FrameStore;
  /** How many attempts the frame took, for its record. */
  readonly attemptsAt: (frame: Frame) => number;
  /** See `JobLoopOptions`. */
  readonly filesOf: (frame: Frame) => string | null;
  /**
   * Every fetch ends with one event, after those about its progress. If its node is lost meanwhile, the only event is
   * that the frame was stored, if it was.
   */
  readonly onEvent: (event: EventBody) => void;
  /** Called with errors that no node is to blame for, such as a full disk here. */
  readonly onBroken: (error: unknown) => void;
  readonly signal: AbortSignal;
}

interface NodeQueue {
  readonly worker: Worker;
  readonly waiting: FrameResult[];
  /** How many results are being transferred. */
  coming: number;
}

/**
 * Fetches results from the nodes and stores them. A few are fetched from each node at once; the others wait in order.
 * Of those that have arrived, a few are stored at once, in order of arrival. While too many wait to be stored, nothing
 * is fetched. So the first result is stored soon, however many there are.
 */
export class FetchQueue {
  readonly #options: FetchQueueOptions;
  readonly #queues = new Map<NodeId, NodeQueue>();
  /** Queues that have results waiting, and may not fetch them until some of what has arrived is stored. */
  readonly #paused = new Set<NodeQueue>();
  /** Callbacks of results that wait to be stored, in order. */
  readonly #arrived: (() => void)[] = [];
  #storing = 0;

  constructor(options: FetchQueueOptions) {
    this.#options = options;
  }

  joined(worker: Worker): void {
    this.#queues.set(worker.info.node, { worker, waiting: [], coming: 0 });
  }

  /** Forgets the results that wait; a fetch that is running fails by itself. */
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

  /** The result is not needed any more. A fetch that is running is not stopped. */
  release(node: NodeId, ref: AttemptRef): void {
    const waiting = this.#queues.get(node)?.waiting ?? [];
    const index = waiting.findIndex(({ frame, attempt }) => frame === ref.frame && attempt === ref.attempt);
    const result = index < 0 ? undefined : waiting.splice(index, 1)[0];
    if (result) this.#options.onEvent({ type: "result-lost", node, ...ref });
  }

  /** Starts no more fetches. */
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
    const { store, attemptsAt, filesOf, onBroken, signal } = this.#options;
    const { worker } = queue;
    const ref = { node: worker.info.node, frame: result.frame, attempt: result.attempt };
    const files = filesOf(result.frame);
    const record = { ...recordOf(worker, result, attemptsAt(result.frame)), ...(files !== null && { files }) };
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
    this.#tell(queue, { type: "fetch-started", ...ref });
    try {
      this.#tell(queue, await fetchResult({ worker, result, record, store, onArrived, signal }));
    } catch (error) {
      onBroken(error);
    }
    if (hasArrived) this.#endTurn();
    arrive();
  }

  /** Events of an older link are dropped: the same result may be fetched again on the newer one. */
  #tell(queue: NodeQueue, event: EventBody): void {
    const isCurrent = this.#queues.get(queue.worker.info.node) === queue;
    if (isCurrent || event.type === "frame-stored") this.#options.onEvent(event);
  }

  /** Resolves when the next result may be stored. */
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
    // In the order in which they were paused; one that is paused again goes to the end.
    for (const queue of this.#paused) {
      if (this.#arrived.length >= mostArrived) return;
      this.#paused.delete(queue);
      this.#startNext(queue);
    }
  }
}

function recordOf({ info }: Worker, result: FrameResult, attempts: number): FrameRecord {
  const { node, name, blender } = info;
  const { frame, device, seconds, playSeconds, sha256, sizeBytes, pictures } = result;
  const played = playSeconds === undefined ? {} : { playSeconds };
  const made = { node: { id: node, name }, blender, device, attempts, seconds, ...played };
  return { frame, ...made, sha256, sizeBytes, ...(pictures !== undefined && { pictures }) };
}
