import type { OverrideName } from "../../config/overrides.ts";
import { compareVersions, isVersion, majorMinor } from "../../core/blender-version.ts";
import type { WantedPictures } from "../../core/pictures/picture-form.ts";

/** A node, as far as it matters for the choice of a Blender version. */
export interface VersionCandidate {
  readonly name: string;
  readonly blender: string;
}

/** What limits the versions of a job. */
export interface VersionRules {
  /** `--blender-version`, or the version of an interrupted run of this job. */
  readonly wanted: string | undefined;
  readonly mixVersions: boolean;
  /** The version that saved the blendfile, as "3.4", if its header could be read. */
  readonly savedBy: string | undefined;
  /** What the job renders otherwise than its blendfile says. */
  readonly overrides: readonly OverrideName[];
  /** What is wanted of each frame besides its PNG (default: nothing). */
  readonly pictures?: WantedPictures;
  /** Add-ons of the nodes that the job needs. */
  readonly addons: readonly string[];
}

/**
 * The one Blender version that a job renders with. Versions differ in their pixels, so a mixed film would flicker. Most
 * nodes decide; in a tie, the newer version wins.
 *
 * @returns `undefined` if no candidate may render this file
 */
export function chooseVersion(candidates: readonly VersionCandidate[], rules: VersionRules): string | undefined {
  const counts = new Map<string, number>();
  for (const { blender } of candidates) {
    if (exclusionOf({ name: "", blender }, undefined, rules) !== undefined) continue;
    counts.set(blender, (counts.get(blender) ?? 0) + 1);
  }
  const best = [...counts].sort(([a, countA], [b, countB]) => countB - countA || compareVersions(b, a))[0];
  return best?.[0];
}

/**
 * Why a node is excluded from a job, as a message for its owner.
 *
 * @param chosen The job's version; `undefined` while none is chosen
 * @returns `undefined` if it may take part
 */
export function exclusionOf(
  candidate: VersionCandidate,
  chosen: string | undefined,
  rules: VersionRules,
): string | undefined {
  const { blender } = candidate;
  if (rules.savedBy !== undefined && compareVersions(majorMinor(blender), rules.savedBy) < 0) {
    return `its Blender ${blender} is older than the blendfile, which Blender ${rules.savedBy} saved`;
  }
  if (rules.wanted !== undefined && !isVersion(blender, rules.wanted)) {
    return `it has Blender ${blender}, and the job renders with ${rules.wanted}`;
  }
  if (chosen !== undefined && !rules.mixVersions && blender !== chosen) {
    return `it has Blender ${blender}, and the job renders with ${chosen}`;
  }
  return undefined;
}
