import type { FromCoordinator, FromNode, Problem } from "./protocol.ts";

type Answer = Extract<FromNode, { type: "project-added" | "order-checked" | "job-baked" | "job-mixed" }>;
type AnswerOf<T extends Answer["type"]> = Extract<Answer, { type: T }>;

/** The node cannot do what it was asked for. */
export interface NoAnswer {
  readonly why: string;
}

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

  constructor(asking: Asking) {
    this.#asking = asking;
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

  /** Finds out which of these frames depend on those before. @returns They, or why the node could not */
  async checkOrder(
    frames: readonly number[],
    signal: AbortSignal,
  ): Promise<AnswerOf<"order-checked">["differing"] | NoAnswer> {
    const question = (number: number): FromCoordinator => ({ type: "order-check", number, frames: [...frames] });
    const { differing, error } = await this.#ask("order-checked", question, signal);
    return error === null ? differing : { why: error.message };
  }

  /** Bakes simulations into a copy of the blendfile. @returns The copy, or why there is none */
  async bake(
    limitSeconds: number,
    signal: AbortSignal,
  ): Promise<NonNullable<AnswerOf<"job-baked">["blend"]> | NoAnswer> {
    const question = (number: number): FromCoordinator => ({ type: "job-bake", number, limitSeconds });
    const { blend, error } = await this.#ask("job-baked", question, signal);
    return blend ?? { why: error?.message ?? "the node does not say why" };
  }

  /** Mixes the sound of these frames down. @returns A FLAC file, or why there is none */
  async mix(
    firstFrame: number,
    lastFrame: number,
    signal: AbortSignal,
  ): Promise<NonNullable<AnswerOf<"job-mixed">["sound"]> | NoAnswer> {
    const question = (number: number): FromCoordinator => ({ type: "job-mix", number, firstFrame, lastFrame });
    const { sound, error } = await this.#ask("job-mixed", question, signal);
    return sound ?? { why: error?.message ?? "the node does not say why" };
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
