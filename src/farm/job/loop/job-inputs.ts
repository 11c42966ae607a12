import { AsyncQueue } from "../../../core/async-queue.ts";
import { FarmError } from "../../../core/errors.ts";
import type { NodeId } from "../../../core/node.ts";
import type { EventBody } from "../../../scheduler/events.ts";
import type { NodeEvent } from "../../nodes/node-event.ts";
import { ReportBudget } from "../../nodes/report-buffer.ts";

/** Inputs of the job loop: events of nodes, outcomes of instructions, ticks, and the user's request to stop. */
export type LoopInput =
  | NodeEvent
  | { readonly type: "scheduler"; readonly event: EventBody }
  | { readonly type: "wake" };

/** The inputs of a job in order, for one reader. */
export class JobInputs implements AsyncIterable<LoopInput> {
  readonly #queue = new AsyncQueue<LoopInput>();
  /** What each node may still report while nobody reads. */
  #budgets: Map<NodeId, ReportBudget> | undefined;
  #exclude: (node: NodeId, reason: FarmError) => void = () => {};

  push(input: LoopInput): void {
    if (input.type !== "report" || this.#isKept(input)) this.#queue.push(input);
  }

  /**
   * Runs work during which nobody reads. Inputs are kept in order meanwhile. A node that reports more than it can have
   * to report is excluded.
   *
   * @param work Makes the output, which may take an hour
   * @param exclude Called with the node that reports too much
   */
  async unreadWhile<Value>(
    work: () => Promise<Value>,
    exclude: (node: NodeId, reason: FarmError) => void,
  ): Promise<Value> {
    this.#budgets = new Map();
    this.#exclude = exclude;
    try {
      return await work();
    } finally {
      this.#budgets = undefined;
    }
  }

  [Symbol.asyncIterator](): AsyncIterator<LoopInput> {
    return this.#queue[Symbol.asyncIterator]();
  }

  #isKept({ node, report }: Extract<LoopInput, { type: "report" }>): boolean {
    if (this.#budgets === undefined) return true;
    const budget = this.#budgets.get(node) ?? new ReportBudget("since all frames were stored");
    this.#budgets.set(node, budget);
    try {
      return budget.spend(report);
    } catch (error) {
      if (!(error instanceof FarmError)) throw error;
      this.#exclude(node, error);
      return false;
    }
  }
}
