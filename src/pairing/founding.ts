import type { Starter } from "../core/node.ts";

/** What a machine without a key does if it sees no node of a farm. */
export type Founding =
  | { readonly type: "found" }
  /** Another machine has founded a farm: it can be joined. */
  | { readonly type: "join"; readonly founder: Starter }
  /** Another machine will found one. */
  | { readonly type: "wait"; readonly other: Starter };

/**
 * Decides which of several machines that start at the same time founds the farm: the one with the smallest id. A farm that was
 * founded before is joined, whatever the ids are.
 *
 * @param ownId This machine's id
 * @param isFounding Whether this machine has announced that it is about to found a farm. Others that only look wait for it
 * @param others The other machines, as they were seen last
 */
export function decideFounding(ownId: string, isFounding: boolean, others: readonly Starter[]): Founding {
  const byId = [...others].sort((one, other) => (one.id < other.id ? -1 : 1));
  const founder = byId.find(({ state }) => state === "founder");
  if (founder) return { type: "join", founder };
  const isSmaller = ({ id }: Starter) => id < ownId;
  const founding = byId.find((other) => other.state === "founding" && (!isFounding || isSmaller(other)));
  const looking = byId.find((other) => other.state === "looking" && !isFounding && isSmaller(other));
  const other = founding ?? looking;
  return other ? { type: "wait", other } : { type: "found" };
}
