import type { FarmError } from "../../core/errors.ts";
import type { NodeId } from "../../core/node.ts";
import { LoadFailedError } from "../../session/load-failed.ts";

/** How each node that was seen stands, by its keeper's key: what the job may still hope for. */
export class NodeStatuses {
  readonly #seen = new Set<string>();
  readonly #excluded = new Set<string>();
  readonly #joined = new Set<string>();
  readonly #problems = new Map<string, FarmError>();
  readonly #taken = new Set<NodeId>();
  #loadProblem: FarmError | undefined;

  /** How many nodes were seen, whatever became of them. */
  get size(): number {
    return this.#seen.size;
  }

  /** Whether any node that was seen may still take part. */
  get isAlive(): boolean {
    return this.#excluded.size < this.#seen.size;
  }

  /** Whether any node has the job now, be it that it only receives or opens the blendfile yet. */
  get isTaken(): boolean {
    return this.#taken.size > 0;
  }

  /** What last went wrong with nodes that were seen. */
  get problems(): readonly FarmError[] {
    return [...this.#problems.values()];
  }

  /**
   * Why no node opens the blendfile, when all that were reached have been left out and the others have never been reached:
   * with them alone to hope for, a job would wait for ever for what no node can render.
   */
  get loadError(): FarmError | undefined {
    const mayCome = (id: string) => !this.#excluded.has(id) && (this.#joined.has(id) || !this.#problems.has(id));
    return [...this.#seen].some(mayCome) ? undefined : this.#loadProblem;
  }

  /** Whether whoever was met under this key was left out because he could not prove to be the node. */
  wasNobody(id: string): boolean {
    const code = this.#excluded.has(id) ? this.#problems.get(id)?.code : undefined;
    return code === "FARM_KEY_UNUSABLE" || code === "FARM_CERTIFICATE_REFUSED";
  }

  /** It takes part from now on, also when it was left out before. */
  begin(id: string): void {
    this.#seen.add(id);
    this.#excluded.delete(id);
  }

  /** A try to reach it has come to its end, good or bad. */
  tried(id: string, problem: FarmError | undefined): void {
    if (problem) this.#problems.set(id, problem);
    else this.#problems.delete(id);
  }

  /** It has opened the blendfile. */
  join(id: string): void {
    this.#joined.add(id);
  }

  exclude(id: string, reason: FarmError): void {
    this.#excluded.add(id);
    if (reason instanceof LoadFailedError || reason.code === "FARM_LOAD_FAILED") this.#loadProblem = reason;
  }

  /** It has the job, until it is set free. */
  take(node: NodeId): void {
    this.#taken.add(node);
  }

  free(node: NodeId): void {
    this.#taken.delete(node);
  }
}
