import type { JobSettings } from "../../config/job-settings.ts";
import { chosenOverrides } from "../../config/options/override-options.ts";
import { type Overrides, resolutionText } from "../../config/overrides.ts";
import { previewOverrides } from "../../config/preview.ts";
import { isVersion } from "../../core/blender-version.ts";
import { fingerprintOf } from "../../core/fingerprint.ts";
import type { WantedPictures } from "../../core/pictures/picture-form.ts";
import type { OutputFormat } from "../../encode/output-format.ts";
import type { JobRecord } from "../../frames/job-record.ts";
import { parseFacts, sceneInfoOf } from "./output-facts.ts";
import { resolveScene, type SceneFacts } from "./scene-facts.ts";

/** What decides the pixels, besides the settings. */
interface PixelInput {
  readonly blend: { readonly sha256: string };
  readonly format: OutputFormat;
  readonly pictures: WantedPictures;
}

/** What the job renders otherwise than its blendfile says; `null` for nothing. */
export function overridesOf(settings: JobSettings): Overrides | null {
  const overrides = { ...chosenOverrides(settings), ...(settings.preview && previewOverrides) };
  return Object.keys(overrides).length === 0 ? null : overrides;
}

/** A digest of everything that affects this job's pixels, with this Blender version. */
export function fingerprintFor(
  settings: JobSettings,
  { blend, format, pictures }: PixelInput,
  blenderVersion: string | null,
): string {
  // Threads only decide how long a frame takes: Cycles renders the same pixels with any number of them.
  const { threads: _, resolution, ...decisive } = overridesOf(settings) ?? {};
  return fingerprintOf({
    blend: blend.sha256,
    assets: [],
    scene: settings.scene ?? null,
    blenderVersion,
    overrides: {
      colorMode: format.canHaveAlpha ? null : "RGB",
      ...(settings.allowScripts && { allowScripts: true }),
      ...(settings.addons.length > 0 && { addons: [...settings.addons].sort().join(",") }),
      ...(settings.simulations === "ignore" && { simulations: "ignore" }),
      ...decisive,
      ...(resolution && { resolution: resolutionText(resolution) }),
      ...pictureSources(pictures),
    },
  });
}

/**
 * What pictures come with the frames, unless they are PNGs as the scene says. Those of File Output nodes do not count: frames
 * that have them can be used without, and frames that lack them are found by their records.
 */
function pictureSources({ formats, depth }: WantedPictures): Readonly<Record<string, string | number>> {
  const named = formats.join(" ");
  return { ...(named !== "png" && { formats: named }), ...(depth !== null && { depth }) };
}

/** The scene as an earlier run recorded it; `null` if a node must be asked. */
export function recordedScene(
  previous: JobRecord | null,
  settings: JobSettings,
  prepared: PixelInput,
): SceneFacts | null {
  if (previous === null) return null;
  const { blenderVersion, fingerprint } = previous;
  if ((blenderVersion === null) !== settings.mixVersions) return null;
  if (fingerprintFor(settings, prepared, blenderVersion) !== fingerprint) return null;
  const wanted = settings.blenderVersion;
  if (wanted !== undefined && blenderVersion !== null && !isVersion(blenderVersion, wanted)) return null;
  const recorded = parseFacts(previous.facts);
  if (recorded === null) return null;
  // An older release did not ask whether there are pictures besides the PNGs.
  if (previous.facts?.pictures === undefined) return null;
  if (prepared.pictures.nodes && !recorded.passes) return null;
  // Files that were missing then may be on the nodes now.
  if (recorded.missing.length > 0 && settings.missing !== "warn") return null;
  // Only a node can tell whether those files are unchanged.
  if (recorded.files !== null || recorded.inPlace !== null || recorded.sent.series !== null || recorded.sent.isByFrame)
    return null;
  // Those that are only heard are not among them.
  if (recorded.scene.sound && recorded.sent.all !== null && settings.audio !== "off") return null;
  return resolveScene(sceneInfoOf(recorded), settings);
}
