import type { JobSettings } from "../../config/job-settings.ts";

/** Whether the scene's own sound is wanted. */
export function mixesSound({ audio }: Pick<JobSettings, "audio">): boolean {
  return audio === "auto" || audio === "wav";
}
