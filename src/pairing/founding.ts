import type { Starter } from "../core/node.ts";

/** What a machine without a key does if it sees no node of a farm. */
export type Founding =
  | { readonly type: "found" }
  /** Another machine has founded a farm, or is about to: it can be joined. */
  | { readonly type: "join"; readonly founder: Starter }
  /** Another machine that looks has the smaller id: it will found one. */
  | { readonly type: "wait"; readonly other: Starter };

/**
 * Decides which of several machines that start at the same time founds the farm: the one with the smallest id. A farm that
 * was founded before is joined, whatever the ids are.
 *
 * @param ownId This machine's id
 * @param hasFounded Whether this machine has announced that it founds a farm. If two do at once, the smaller id stays
 * @param others The other machines, as they were seen last
 */
export function decideFounding(ownId: string, hasFounded: boolean, others: readonly Starter[]): Founding {
  const byId = [...others].sort((one, other) => (one.id < other.id ? -1 : 1));
  const founder = byId.find(({ state, id }) => state === "founder" && (!hasFounded || id < ownId));
  if (founder) return { type: "join", founder };
  const other = byId.find(({ state, id }) => state === "looking" && id < ownId);
  return other && !hasFounded ? { type: "wait", other } : { type: "found" };
}
