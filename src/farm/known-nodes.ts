import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { NodeId } from "../core/node.ts";
import { writeWholeFile } from "../core/whole-file.ts";

/**
 * The nodes that once proved a key to this machine, in the config folder. One of them is never again used without a key:
 * whoever can answer in its place must not be able to talk us out of asking.
 */
export class KnownNodes {
  readonly #file: string;
  readonly #ids: Set<NodeId>;

  constructor(configFolder: string) {
    this.#file = join(configFolder, "known-nodes.json");
    this.#ids = new Set(readIds(this.#file));
  }

  has(node: NodeId): boolean {
    return this.#ids.has(node);
  }

  async add(node: NodeId): Promise<void> {
    if (this.#ids.has(node)) return;
    this.#ids.add(node);
    // Another coordinator of this user may have added its own meanwhile.
    for (const id of readIds(this.#file)) this.#ids.add(id);
    await writeWholeFile(this.#file, `${JSON.stringify([...this.#ids].sort(), null, 1)}\n`, true);
  }
}

function readIds(file: string): NodeId[] {
  try {
    const value: unknown = JSON.parse(readFileSync(file, "utf8"));
    return Array.isArray(value) ? value.filter((id) => typeof id === "string") : [];
  } catch {
    return []; // no file yet, or a broken one: it is written anew with the next node
  }
}
