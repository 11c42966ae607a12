import type { Sighting } from "../../core/node.ts";
import { addressesOf } from "./duplicates.ts";

/** Anybody may announce a node's id: it is looked for at so many addresses, and then no more. */
const mostAddresses = 32;

/** Where one node was seen. */
export class SeenAddresses {
  readonly #addresses = new Set<string>();

  /** @returns Whether any of these addresses is new; always false once there were too many */
  note(sighting: Sighting): boolean {
    const sizeBefore = this.#addresses.size;
    for (const { host, port } of addressesOf(sighting)) {
      if (this.#addresses.size < mostAddresses) this.#addresses.add(`${host}:${port}`);
    }
    return this.#addresses.size > sizeBefore;
  }
}
