import { execa } from "execa";

/** What a picture shows, without what differs each time it is written: dates and render times. */
export async function pictureContent(path: string): Promise<unknown> {
  const args = ["-v", "error", "-i", path, "-f", "framemd5", "-"];
  const { stdout } = await execa(process.env.FFMPEG_PATH ?? "ffmpeg", args);
  return stdout;
}
