import { FarmError } from "../index.ts";

/** `renderfarm encode FOLDER`: makes the video of a job folder from its frames, without rendering. */
export async function encodeCommand(folder: string, _options: Record<string, unknown>): Promise<number> {
  throw new FarmError("FARM_BAD_INPUT", `Cannot encode ${folder} yet`, "");
}
