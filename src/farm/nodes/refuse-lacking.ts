import { flagOf } from "../../config/options.ts";
import type { OverrideName } from "../../config/overrides.ts";
import { FarmError } from "../../core/errors.ts";
import type { WantedPictures } from "../../core/pictures/picture-form.ts";
import { nameOfFormat } from "../../core/pictures/picture-format.ts";
import { printable } from "../../core/text.ts";
import type { NodeInfo, SceneInfo } from "../../session/protocol.ts";

/** What a user calls the overrides of a preview; the others are flags. */
const previewTexts: { readonly [Name in OverrideName]?: string } = {
  scale: "a smaller size",
  maxSamples: "fewer samples",
};

/**
 * The error for a node of an older release.
 *
 * @param what What it cannot do, for example "enable add-ons"
 * @param otherwise How to do without it, if the user can
 */
export function tooOld(
  { name, software }: Pick<NodeInfo, "name" | "software">,
  what: string,
  otherwise?: string,
): FarmError {
  const update = "Update renderfarm on that machine, and start its node again";
  return new FarmError(
    "FARM_NODE_EXCLUDED",
    `Cannot use ${name}: its renderfarm ${software} is too old to ${what}`,
    otherwise === undefined ? update : `${update}; ${otherwise}`,
  );
}

/**
 * Refuses a node of an older release, which does not know an override of the job: it would render without it.
 *
 * @throws {FarmError} `FARM_NODE_EXCLUDED`
 */
export function refuseOlder(
  { overrides = [], ...node }: Pick<NodeInfo, "name" | "software" | "overrides">,
  needed: readonly OverrideName[],
): void {
  const unknown = needed.filter((override) => !overrides.includes(override));
  if (unknown.length === 0) return;
  const what = unknown.map((override) => previewTexts[override] ?? flagOf(override)).join(" and ");
  throw tooOld(node, `render with ${what}`);
}

/**
 * Refuses a node of an older release, which sends no pictures besides PNGs.
 *
 * @throws {FarmError} `FARM_NODE_EXCLUDED`
 */
export function refuseWithoutPictures(
  { pictures, ...node }: Pick<NodeInfo, "name" | "software" | "pictures">,
  { formats, depth }: WantedPictures,
): void {
  const isPlain = formats.length === 1 && formats[0] === "png" && depth === null;
  if (pictures !== undefined || isPlain) return;
  const [format = "png", ...others] = formats;
  const what = others.length > 1 ? "the scene's own pictures" : `${nameOfFormat(format)} pictures`;
  throw tooOld(node, `write ${what}`);
}

/**
 * Refuses a node whose owner does not allow an add-on that the job needs. Whether it has the add-on is known once a
 * Blender has tried.
 *
 * @throws {FarmError} `FARM_NODE_EXCLUDED`
 */
export function refuseWithoutAddons(
  { addons, ...node }: Pick<NodeInfo, "name" | "software" | "addons">,
  needed: readonly string[],
): void {
  const refused = needed.filter((addon) => addons !== "all" && addons?.includes(addon) !== true);
  if (refused.length === 0) return;
  if (addons === undefined) throw tooOld(node, "enable add-ons");
  const which = refused.length === 1 ? `the add-on ${refused[0]}` : `the add-ons ${refused.join(", ")}`;
  throw new FarmError(
    "FARM_NODE_EXCLUDED",
    `Cannot use ${node.name}: its owner does not allow ${which}`,
    `If that machine has it, start its node with --allow-addons ${needed.join(",")}`,
  );
}

/**
 * Refuses a node whose Blender was built without something that the scene needs: it would render without it, and not
 * say so.
 *
 * @throws {FarmError} `FARM_NODE_EXCLUDED`
 */
export function refuseLacking({ name, blender }: NodeInfo, { references }: SceneInfo): void {
  const needing = references.filter(({ lacks, visible }) => lacks && visible !== false);
  const [first] = needing;
  if (first === undefined) return;
  const what = [...new Set(needing.map(({ lacks }) => printable(String(lacks))))].join(" and ");
  const where = [first.owner, first.path].filter(Boolean).map((part) => printable(String(part)));
  const more = needing.length > 1 ? ` and ${needing.length - 1} more need` : " needs";
  throw new FarmError(
    "FARM_NODE_EXCLUDED",
    `Cannot use ${name}: its Blender ${blender} was built without ${what}, which ${where.join(": ")}${more}`,
    "Install Blender from blender.org on that node; --missing warn renders without it",
  );
}
