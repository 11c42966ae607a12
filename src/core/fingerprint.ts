import { createHash } from "node:crypto";

/** Everything that decides the pixels of a job's frames. Two jobs with the same values may share frames. */
export interface PixelSources {
  /** SHA-256 of the blendfile. */
  readonly blend: string;
  /** Files that the scene uses and that were sent along, in any order. */
  readonly assets: readonly { readonly path: string; readonly sha256: string }[];
  /** The requested scene; `null` for the one that the file was saved in, which the blendfile's digest determines. */
  readonly scene: string | null;
  /** `null` if versions may be mixed: then no version determines the pixels. */
  readonly blenderVersion: string | null;
  /** Settings of the scene that the job overrides, for example `colorMode`. */
  readonly overrides: Readonly<Record<string, string | number | boolean | null>>;
}

/**
 * The digest of everything that changes pixels, in 64 hexadecimal digits.
 *
 * Range, step, rate, codec and order are deliberately not included, so that a longer range reuses existing frames. The
 * order of assets and overrides makes no difference.
 */
export function fingerprintOf(sources: PixelSources): string {
  const assets = sources.assets.map(({ path, sha256 }) => [path, sha256]).sort(byFirst);
  const overrides = Object.entries(sources.overrides).sort(byFirst);
  // An array of arrays: JSON keeps the order, and different sources never give the same text.
  const text = JSON.stringify([1, sources.blend, assets, sources.scene, sources.blenderVersion, overrides]);
  return createHash("sha256").update(text).digest("hex");
}

/** Compares by code unit, not by locale, so that the order is the same on every machine. */
function byFirst(a: readonly unknown[], b: readonly unknown[]): number {
  const [left, right] = [String(a[0]), String(b[0])];
  return left < right ? -1 : left > right ? 1 : 0;
}
