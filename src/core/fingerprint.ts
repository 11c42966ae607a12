import { createHash } from "node:crypto";

/** Everything that decides the pixels of a job's frames; two jobs with the same values may share frames. */
export interface PixelSources {
  /** SHA-256 of the blendfile. */
  readonly blend: string;
  /** Files the scene refers to and that were sent along, in any order. */
  readonly assets: readonly { readonly path: string; readonly sha256: string }[];
  /** As it was asked for; `null` for the one the file was saved in, which the blendfile's digest decides. */
  readonly scene: string | null;
  /** `null` when versions may be mixed: then no version can vouch for the pixels. */
  readonly blenderVersion: string | null;
  /** What the job sets otherwise than the scene does, for example `colorMode`. */
  readonly overrides: Readonly<Record<string, string | number | boolean | null>>;
}

/**
 * The digest of all that changes pixels, in 64 hexadecimal digits.
 *
 * Range, step, rate, codec and order are left out on purpose: a longer range reuses the frames there are. The order in
 * which assets and overrides are listed makes no difference.
 */
export function fingerprintOf(sources: PixelSources): string {
  const assets = sources.assets.map(({ path, sha256 }) => [path, sha256]).sort(byFirst);
  const overrides = Object.entries(sources.overrides).sort(byFirst);
  // An array of arrays: JSON keeps its order, and no two different sources give the same text.
  const text = JSON.stringify([1, sources.blend, assets, sources.scene, sources.blenderVersion, overrides]);
  return createHash("sha256").update(text).digest("hex");
}

/** By code unit, not by locale: the same on every machine. */
function byFirst(a: readonly unknown[], b: readonly unknown[]): number {
  const [left, right] = [String(a[0]), String(b[0])];
  return left < right ? -1 : left > right ? 1 : 0;
}
