/** As the protocol limits them. */
const mostAddons = 64;
const longestName = 256;

/** The name of an add-on's module: letters, digits, `_` and `-`; `bl_ext.user_default.name` for an extension. */
const moduleName = /^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$/;

/**
 * Reads names of add-ons that are separated by commas.
 *
 * @returns Each name once, in this order, or `undefined` if one cannot be the name of an add-on
 */
export function parseAddons(text: string): readonly string[] | undefined {
  const names = [...new Set(text.split(",").map((name) => name.trim()))];
  const areNames = names.every((name) => moduleName.test(name) && name.length <= longestName);
  return areNames && names.length <= mostAddons ? names : undefined;
}

/** Whether the word by which a node's owner allows all add-ons is among the names: a job has to name each. */
export function asksForAllAddons(text: string): boolean {
  return parseAddons(text)?.includes("all") === true;
}
