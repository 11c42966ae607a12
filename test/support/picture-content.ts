import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { extname } from "node:path";
import { execa } from "execa";
import { exrChannels } from "./exr.ts";

/** What a picture shows, channel by channel, without what differs each time it is written: dates and render times. */
export async function pictureContent(path: string): Promise<unknown> {
  if (extname(path) !== ".exr") {
    const args = ["-v", "error", "-i", path, "-f", "framemd5", "-"];
    const { stdout } = await execa(process.env.FFMPEG_PATH ?? "ffmpeg", args);
    return stdout;
  }
  const channels = exrChannels(await readFile(path));
  return Object.fromEntries(
    [...channels].map(([name, { type, samples }]) => [
      name,
      `${type} ${createHash("sha256").update(JSON.stringify(samples)).digest("hex")}`,
    ]),
  );
}
