import { type FarmMachine, type FarmOnNetwork, printable, type Starter } from "../../index.ts";

const longestName = 40;
/** More machines than this are only counted. */
const mostNamed = 3;

/** "attic (192.168.1.20)". Names come from the network: short, and without control characters. */
export function machineText({ name, host }: FarmMachine): string {
  return `${printable(name).slice(0, longestName)} (${printable(host)})`;
}

/** The same for a machine that asks to join. */
export function starterText({ name, addresses }: Starter): string {
  return machineText({ name, host: addresses[0]?.host ?? "" });
}

/** "attic (192.168.1.20), cellar (192.168.1.21) and 2 others". */
export function farmText({ machines }: FarmOnNetwork): string {
  return listText(machines.map(machineText));
}

/** "a, b and c", or "a, b, c and 4 others". */
export function listText(all: readonly string[]): string {
  const named = all.slice(0, mostNamed);
  const others = all.length - named.length;
  const words = others === 0 ? named : [...named, others === 1 ? "1 other" : `${others} others`];
  return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;
}

/** A code as it is shown: in two groups, which are easier to read and to type. */
export function codeText(code: string): string {
  return `${code.slice(0, 3)} ${code.slice(3)}`;
}
