import { LoadFailedError } from "./load-failed.ts";
import type { FromCoordinator, FromNode, Problem } from "./protocol.ts";

type Answer = Extract<FromNode, { type: "project-added" | "order-checked" | "job-baked" }>;
type AnswerOf<T extends Answer["type"]> = Extract<Answer, { type: T }>;

/** How a question is sent and answered. */
export interface Asking {
  readonly takeNumber: () => number;
  readonly ask: <T extends FromNode>(
    message: FromCoordinator,
    match: (reply: FromNode) => reply is T,
    signal: AbortSignal,
  ) => Promise<T>;
}

/** The questions to a node that have numbers, so that each finds its answer. */
export class NumberedQuestions {
  readonly #asking: Asking;
  readonly #node: string;

  /** @param node The node's name, for errors */
  constructor(asking: Asking, node: string) {
    this.#asking = asking;
    this.#node = node;
  }

  /** Puts files in place that were announced as coming later. @returns Why the node could not */
  async addFiles(
    job: string,
    files: Extract<FromCoordinator, { type: "project-add" }>["files"],
    signal: AbortSignal,
  ): Promise<Problem | null> {
    const added = await this.#ask("project-added", (number) => ({ type: "project-add", job, number, files }), signal);
    return added.error;
  }

  /** Finds out which of these frames depend on those before. @throws {LoadFailedError} If the node cannot */
  async checkOrder(frames: readonly number[], signal: AbortSignal): Promise<AnswerOf<"order-checked">["differing"]> {
    const question = (number: number): FromCoordinator => ({ type: "order-check", number, frames: [...frames] });
    const { differing, error } = await this.#ask("order-checked", question, signal);
    if (error !== null) throw new LoadFailedError(this.#node, error);
    return differing;
  }

  /** Bakes simulations into a copy of the blendfile. @returns The copy, or why there is none */
  async bake(
    limitSeconds: number,
    signal: AbortSignal,
  ): Promise<NonNullable<AnswerOf<"job-baked">["blend"]> | { readonly why: string }> {
    const question = (number: number): FromCoordinator => ({ type: "job-bake", number, limitSeconds });
    const { blend, error } = await this.#ask("job-baked", question, signal);
    return blend ?? { why: error?.message ?? "the node does not say why" };
  }

  #ask<T extends Answer["type"]>(
    type: T,
    question: (number: number) => FromCoordinator,
    signal: AbortSignal,
  ): Promise<AnswerOf<T>> {
    const number = this.#asking.takeNumber();
    const isAnswer = (reply: FromNode): reply is AnswerOf<T> => reply.type === type && reply.number === number;
    return this.#asking.ask(question(number), isAnswer, signal);
  }
}
