import type { Sighting } from "../../core/node.ts";
import { addressesOf } from "./duplicates.ts";

/** The most addresses tried for one node, since anybody may announce its id. */
const mostAddresses = 32;

/** The addresses at which one node was seen. */
export class SeenAddresses {
  readonly #addresses = new Set<string>();

  /** @returns Whether any of these addresses is new; always false once there are too many */
  note(sighting: Sighting): boolean {
    const sizeBefore = this.#addresses.size;
    for (const { host, port } of addressesOf(sighting)) {
      if (this.#addresses.size < mostAddresses) this.#addresses.add(`${host}:${port}`);
    }
    return this.#addresses.size > sizeBefore;
  }
}
