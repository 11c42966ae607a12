import { existsSync } from "node:fs";
import { execa } from "execa";

/** Any font of this machine. */
export async function findFont(): Promise<string> {
  const { stdout } = await execa("find", ["/usr/share/fonts", "/usr/share/blender", "-name", "*.ttf"], {
    reject: false,
  });
  const [font] = stdout.split("\n");
  if (!font || !existsSync(font)) throw new Error("Cannot build the production: this machine has no font");
  return font;
}

/** Makes a movie of one second in which each frame is different. @returns Its path */
export async function makeClip(path: string): Promise<string> {
  await execa("ffmpeg", ["-v", "error", "-f", "lavfi", "-i", "testsrc=s=64x64:r=24:d=1", path]);
  return path;
}
