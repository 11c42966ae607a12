import type { FarmError } from "../../../core/errors.ts";
import type { FarmListener } from "../../events.ts";

interface Alarm {
  readonly was: "unreachable" | "excluded";
  readonly name: string;
  readonly message: string;
}

/** Says what is wrong with nodes, and takes it back when it is over. */
export class NodeAlarms {
  readonly #tell: FarmListener;
  /** By the id under which the node pool knows a node. */
  readonly #open = new Map<string, readonly Alarm[]>();

  constructor(tell: FarmListener) {
    this.#tell = tell;
  }

  /** The node could not be reached. That is said once, until it has answered. */
  unreachable(id: string, name: string, { message, hint }: FarmError): void {
    if (this.#open.get(id)?.some(({ was }) => was === "unreachable")) return;
    this.#tell({ type: "node:unreachable", name, message, hint });
    this.#add(id, { was: "unreachable", name, message });
  }

  excluded(id: string, name: string, { code, message, hint }: FarmError): void {
    this.#tell({ type: "node:excluded", name, code, message, hint });
    this.#add(id, { was: "excluded", name, message });
  }

  /** The node has answered, whatever it said. */
  answered(id: string): void {
    this.#end(id, ({ was }) => was === "unreachable");
  }

  /** The node takes part, also if it was excluded before. */
  takesPart(id: string): void {
    this.#end(id, () => true);
  }

  #add(id: string, alarm: Alarm): void {
    this.#open.set(id, [...(this.#open.get(id) ?? []), alarm]);
  }

  #end(id: string, isOver: (alarm: Alarm) => boolean): void {
    const open = this.#open.get(id);
    if (open === undefined) return;
    this.#open.set(
      id,
      open.filter((alarm) => !isOver(alarm)),
    );
    for (const alarm of open.filter(isOver)) this.#tell({ type: "alarm:ended", ...alarm });
  }
}
