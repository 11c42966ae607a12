import { compareVersions, isVersion, majorMinor } from "../../core/blender-version.ts";

/** A node that could take part, as far as the choice of a Blender version goes. */
export interface VersionCandidate {
  readonly name: string;
  readonly blender: string;
}

/** What limits the versions of a job. */
export interface VersionRules {
  /** `--blender-version`, or what an interrupted run of this job rendered with. */
  readonly wanted: string | undefined;
  readonly mixVersions: boolean;
  /** Version that saved the blendfile, "3.4", when its header could be read. */
  readonly savedBy: string | undefined;
}

/**
 * The one Blender version a job renders with: different versions give different pixels, so frames of two would flicker.
 * That of most nodes; of two with as many nodes the newer one.
 *
 * @returns `undefined` when no candidate may render this file at all
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
 * Why a node is left out of a job, in words for its owner.
 *
 * @param chosen The job's version, `undefined` while none is chosen
 * @returns `undefined` when it may take part
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
