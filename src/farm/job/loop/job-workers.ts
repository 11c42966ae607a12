import type { NodeId } from "../../../core/node.ts";
import type { Instruction } from "../../../scheduler/events.ts";
import type { FrameResult } from "../../../session/protocol.ts";
import type { Worker } from "../../worker.ts";
import type { CheckPlan } from "../spot-checks.ts";
import { FetchQueue, type FetchQueueOptions } from "./fetch-queue.ts";

/** Instructions for a node to which no reply is awaited. */
export type WorkerOrder = Extract<Instruction, { type: "assign" | "withdraw" | "cancel" | "release" }>;

/** The nodes that take part now: sends them instructions and fetches their results. */
export class JobWorkers implements Disposable {
  readonly #workers = new Map<NodeId, Worker>();
  readonly #fetchQueue: FetchQueue;

  readonly #checkPlan: CheckPlan | null;

  /** @param options With `checkPlan`, what each node that joins is asked to check; `null` for nothing */
  constructor(options: FetchQueueOptions & { readonly checkPlan: CheckPlan | null }) {
    this.#checkPlan = options.checkPlan;
    this.#fetchQueue = new FetchQueue(options);
  }

  get size(): number {
    return this.#workers.size;
  }

  joined(worker: Worker): void {
    this.#workers.set(worker.info.node, worker);
    this.#fetchQueue.joined(worker);
    const plan = this.#checkPlan;
    if (plan) worker.check(plan.share, plan.seed).catch(() => {}); // a lost link has an event of its own
  }

  lost(node: NodeId): void {
    this.#workers.delete(node);
    this.#fetchQueue.lost(node);
  }

  /** Sends an instruction. If that fails, nothing else need happen: a lost link has an event of its own. */
  order(order: WorkerOrder): void {
    if (order.type === "release") {
      const { node, frame, attempt } = order; // without its type, which an event would take over
      this.#fetchQueue.release(node, { frame, attempt });
    }
    const worker = this.#workers.get(order.node);
    if (worker) send(worker, order).catch(() => {});
  }

  fetch(node: NodeId, result: FrameResult): void {
    this.#fetchQueue.fetch(node, result);
  }

  /** Starts no more fetches. */
  [Symbol.dispose](): void {
    this.#fetchQueue.close();
  }
}

function send(worker: Worker, order: WorkerOrder): Promise<void> {
  const { frame, attempt } = order;
  return order.type === "assign" ? worker.assign(order.slot, frame, attempt) : worker[order.type](frame, attempt);
}
