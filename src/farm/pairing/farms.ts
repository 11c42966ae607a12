import type { Sighting, Starter } from "../../core/node.ts";

/** A machine of a farm, as it announces itself. Nothing of it is proved. */
export interface FarmMachine {
  readonly name: string;
  readonly host: string;
}

/** A farm that is seen on the network: the machines that announce the same key id. */
export interface FarmOnNetwork {
  readonly keyId: string;
  /** By name; never empty. */
  readonly machines: readonly FarmMachine[];
}

/** The farms to which nodes, and machines that have just founded one, say they belong. */
export function farmsOf(nodes: readonly Sighting[], starters: readonly Starter[] = []): FarmOnNetwork[] {
  const founders = starters.filter(({ state }) => state === "founder");
  const farms = new Map<string, FarmMachine[]>();
  for (const { keyId, name, id, addresses } of [...nodes, ...founders]) {
    const host = addresses[0]?.host;
    if (typeof keyId !== "string" || host === undefined) continue;
    const machines = farms.get(keyId) ?? [];
    const shown = name ?? id?.slice(0, 8) ?? host;
    if (!machines.some((known) => known.name === shown && known.host === host)) machines.push({ name: shown, host });
    farms.set(keyId, machines);
  }
  const byName = (one: FarmMachine, other: FarmMachine) => one.name.localeCompare(other.name);
  return [...farms].map(([keyId, machines]) => ({ keyId, machines: machines.sort(byName) }));
}
