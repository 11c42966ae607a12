import type { NodeId } from "../../index.ts";
import type { NodeView } from "./node-view.ts";

const chunkLength = 32;

/**
 * The nodes of a view in the order in which they appeared; immutable. A change copies one small chunk, so following
 * many nodes costs little more than following a few.
 */
export class NodeViews implements Iterable<readonly [NodeId, NodeView]> {
  // Nodes never move and are never removed, so versions share these two until a new node appears.
  readonly #positions: ReadonlyMap<NodeId, number>;
  readonly #ids: readonly NodeId[];
  readonly #chunks: readonly (readonly NodeView[])[];

  private constructor(
    positions: ReadonlyMap<NodeId, number>,
    ids: readonly NodeId[],
    chunks: readonly (readonly NodeView[])[],
  ) {
    this.#positions = positions;
    this.#ids = ids;
    this.#chunks = chunks;
  }

  static readonly none = new NodeViews(new Map(), [], []);

  get(node: NodeId): NodeView | undefined {
    const position = this.#positions.get(node);
    return position === undefined
      ? undefined
      : this.#chunks[Math.floor(position / chunkLength)]?.[position % chunkLength];
  }

  /** A copy with a node's view; a new node is added at the end. */
  with(node: NodeId, view: NodeView): NodeViews {
    const known = this.#positions.get(node);
    const position = known ?? this.#ids.length;
    const positions = known === undefined ? new Map(this.#positions).set(node, position) : this.#positions;
    const ids = known === undefined ? [...this.#ids, node] : this.#ids;
    const index = Math.floor(position / chunkLength);
    const chunk = [...(this.#chunks[index] ?? [])];
    chunk[position % chunkLength] = view;
    const chunks = [...this.#chunks];
    chunks[index] = chunk;
    return new NodeViews(positions, ids, chunks);
  }

  /** The nodes whose view passes the test, in their order. */
  where(passes: (view: NodeView) => boolean): NodeId[] {
    const found: NodeId[] = [];
    for (const [index, chunk] of this.#chunks.entries()) {
      for (let at = 0; at < chunk.length; at++) {
        if (passes(chunk[at] as NodeView)) found.push(this.#ids[index * chunkLength + at] as NodeId);
      }
    }
    return found;
  }

  *values(): Generator<NodeView, undefined> {
    for (const chunk of this.#chunks) yield* chunk;
  }

  *[Symbol.iterator](): Generator<readonly [NodeId, NodeView], undefined> {
    for (const node of this.#ids) yield [node, this.get(node) as NodeView];
  }
}
