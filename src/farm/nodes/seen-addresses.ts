import type { Sighting } from "../../core/node.ts";
import { addressesOf } from "./duplicates.ts";

/** Anybody may announce a node's id: it is looked for in so many places, and then no more. */
const mostPlaces = 32;

/** Where each node was seen, by its keeper's key. */
export class SeenAddresses {
  readonly #places = new Map<string, Set<string>>();

  /** @returns Whether it was seen where it had not been before; always no once there were too many places */
  note(connectorId: string, sighting: Sighting): boolean {
    const places = this.#places.get(connectorId) ?? new Set();
    this.#places.set(connectorId, places);
    const before = places.size;
    for (const { host, port } of addressesOf(sighting)) if (places.size < mostPlaces) places.add(`${host}:${port}`);
    return places.size > before;
  }
}
