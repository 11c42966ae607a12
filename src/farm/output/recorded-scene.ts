import type { JobSettings } from "../../config/job-settings.ts";
import type { Overrides } from "../../config/overrides.ts";
import { previewOverrides } from "../../config/preview.ts";
import { isVersion } from "../../core/blender-version.ts";
import { fingerprintOf } from "../../core/fingerprint.ts";
import type { OutputFormat } from "../../encode/output-format.ts";
import type { JobRecord } from "../../frames/job-record.ts";
import { parseFacts, sceneInfoOf } from "./output-facts.ts";
import { resolveScene, type SceneFacts } from "./scene-facts.ts";

/** What decides the pixels, besides the settings. */
interface PixelInput {
  readonly blend: { readonly sha256: string };
  readonly format: OutputFormat;
}

/** What the job renders otherwise than its blendfile says; `null` for nothing. */
export function overridesOf({ preview }: Pick<JobSettings, "preview">): Overrides | null {
  return preview ? previewOverrides : null;
}

/** A digest of everything that affects this job's pixels, with this Blender version. */
export function fingerprintFor(
  settings: JobSettings,
  { blend, format }: PixelInput,
  blenderVersion: string | null,
): string {
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
      ...overridesOf(settings),
    },
  });
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
  // Files that were missing then may be on the nodes now.
  if (recorded.missing.length > 0 && settings.missing !== "warn") return null;
  // Only a node can tell whether those files are unchanged.
  if (recorded.files !== null || recorded.inPlace !== null || recorded.sent.series !== null || recorded.sent.isByFrame)
    return null;
  return resolveScene(sceneInfoOf(recorded), settings);
}
