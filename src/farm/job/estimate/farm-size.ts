import type { NodeId } from "../../../core/node.ts";
import type { FarmEvent } from "../../events.ts";

interface KnownNode {
  readonly name: string;
  readonly slots: number;
  readonly takesPart: boolean;
}

/** How many nodes and slots render a job, or will once they have opened the blendfile. */
export class FarmSize {
  readonly #nodes = new Map<NodeId, KnownNode>();

  get nodes(): number {
    return this.#takingPart.length;
  }

  get slots(): number {
    return this.#takingPart.reduce((sum, { slots }) => sum + slots, 0);
  }

  get #takingPart(): readonly KnownNode[] {
    return [...this.#nodes.values()].filter(({ takesPart }) => takesPart);
  }

  hear(event: FarmEvent): void {
    switch (event.type) {
      case "node:found":
        this.#nodes.set(event.node, { name: event.name, slots: event.slots, takesPart: true });
        return;
      case "node:joined":
      case "node:forgiven":
        this.#set(event.node, true);
        return;
      case "node:lost":
      case "node:barred":
      case "node:busy":
        this.#set(event.node, false);
        return;
      case "node:excluded":
        for (const [node, { name }] of this.#nodes) if (name === event.name) this.#set(node, false);
        return;
      default:
    }
  }

  #set(node: NodeId, takesPart: boolean): void {
    const known = this.#nodes.get(node);
    if (known) this.#nodes.set(node, { ...known, takesPart });
  }
}
