import { addonPattern, mostAddons } from "../core/bounds/addon-names.ts";
import { longestName } from "../core/bounds/names.ts";

/**
 * Reads names of add-ons that are separated by commas.
 *
 * @returns Each name once, in this order, or `undefined` if one cannot be the name of an add-on
 */
export function parseAddons(text: string): readonly string[] | undefined {
  const names = [...new Set(text.split(",").map((name) => name.trim()))];
  const areNames = names.every((name) => addonPattern.test(name) && name.length <= longestName);
  return areNames && names.length <= mostAddons ? names : undefined;
}

/** Whether the word by which a node's owner allows all add-ons is among the names: a job has to name each. */
export function asksForAllAddons(text: string): boolean {
  return parseAddons(text)?.includes("all") === true;
}
