import type { NamedNode } from "../../core/node.ts";
import { fixedNodes } from "../../discovery/fixed.ts";
import type { Dial } from "../../session/link.ts";
import type { NodeSource, NodeSourceHost } from "./node-source.ts";

/** The nodes that the user or a farmspec named. */
export class NamedNodes implements NodeSource {
  readonly #nodes: readonly NamedNode[];
  readonly #dial: Dial;

  constructor(nodes: readonly NamedNode[], dial: Dial) {
    this.#nodes = nodes;
    this.#dial = dial;
  }

  async look(host: NodeSourceHost): Promise<void> {
    for await (const sighting of fixedNodes(this.#nodes)) host.add({ sighting, dial: this.#dial });
  }

  async close(): Promise<void> {}
}
