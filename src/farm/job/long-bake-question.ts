import { FarmError } from "../../core/errors.ts";
import type { JobContext } from "./job-context.ts";

/** Asks once in a job whether a bake that takes long shall continue, while the node bakes. */
export class LongBakeQuestion {
  readonly #node: { readonly node: string; readonly name: string };
  readonly #context: JobContext;
  readonly #refused = new AbortController();
  readonly #withdrawn = new AbortController();
  #isAsked = false;
  #mayBakeLong: boolean;

  constructor(node: { readonly node: string; readonly name: string }, context: JobContext) {
    this.#node = node;
    this.#context = context;
    this.#mayBakeLong = context.mayBakeLong;
  }

  /** Whether the user lets a long bake continue, as answered now or for an earlier attempt at it. */
  get mayBakeLong(): boolean {
    return this.#mayBakeLong;
  }

  /** Aborted if the user wants the scene played, or the question fails. */
  get refused(): AbortSignal {
    return this.#refused.signal;
  }

  /** Asks, unless that was done or the user has set a limit; tells the user if nobody can be asked. */
  ask(expectedMs: number): void {
    const { settings, tell, confirmBake } = this.#context;
    if (this.#isAsked || this.#mayBakeLong || settings.bakeLimit !== null || this.#withdrawn.signal.aborted) return;
    this.#isAsked = true;
    tell({ type: "bake:long", ...{ node: this.#node.node, name: this.#node.name }, expectedMs });
    if (confirmBake === undefined) return;
    confirmBake(this.#node.name, expectedMs, this.#withdrawn.signal).then(
      (mayContinue) => {
        this.#mayBakeLong = mayContinue;
        if (mayContinue) return;
        const hint = "Let it bake, or give --bake-limit a time";
        this.#refused.abort(new FarmError("FARM_INTERRUPTED", "you want the scene played", hint));
      },
      (error: unknown) => {
        if (!this.#withdrawn.signal.aborted) this.#refused.abort(error);
      },
    );
  }

  /** The bake has ended. */
  withdraw(): void {
    this.#withdrawn.abort();
  }
}
