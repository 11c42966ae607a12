import type { JobSettings } from "../../config/job-settings.ts";
import type { OutputFormat } from "../../encode/output-format.ts";

type Audio = Pick<JobSettings, "audio">;

/** The user's file with the sound; `undefined` if it is the scene's own, or none. */
export function soundFileOf({ audio }: Audio): string | undefined {
  return audio === "auto" || audio === "off" || audio === "wav" ? undefined : audio;
}

/** Whether the scene's own sound comes into this output or beside it. Pictures and GIFs have none of their own. */
export function isSceneHeard({ audio }: Audio, { kind }: Pick<OutputFormat, "kind">): boolean {
  return audio === "wav" || (audio === "auto" && kind === "video");
}

/** Where the sound of an output comes from. */
export function soundSourceOf(settings: Pick<JobSettings, "audio">): "scene" | "none" | "file" {
  if (settings.audio === "off") return "none";
  return soundFileOf(settings) === undefined ? "scene" : "file";
}
