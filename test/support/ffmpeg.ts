import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { type OutputWishes, outputFormatOf, type VideoFormat } from "../../src/encode/output-format.ts";

/** A folder for outputs, with PNG frames of FFmpeg's test picture. Disposing of it removes everything. */
export interface FrameFolder extends AsyncDisposable {
  readonly folder: string;
  readonly frames: readonly string[];
}

export interface TestFrames {
  readonly count: number;
  readonly width?: number;
  readonly height?: number;
  readonly pixelFormat?: "rgb24" | "rgb48be" | "gray" | "rgba" | "rgba64be";
  /** More filters for the test picture. */
  readonly filter?: string;
}

/** Makes frames `0001.png` and so on, all different. */
export async function makeFrames(options: TestFrames): Promise<FrameFolder> {
  const { count, width = 64, height = 48, pixelFormat = "rgb24", filter = "null" } = options;
  const folder = await mkdtemp(join(tmpdir(), "renderfarm-encode-"));
  // The test picture itself only has even sizes.
  const source = `testsrc2=size=${width + 2}x${height + 2}:rate=24,format=rgb24,crop=${width}:${height}:0:0,${filter}`;
  const output = ["-frames:v", String(count), "-pix_fmt", pixelFormat, join(folder, "%04d.png")];
  await execa("ffmpeg", ["-v", "error", "-f", "lavfi", "-i", source, ...output]);
  const names = (await readdir(folder)).sort();
  return {
    folder,
    frames: names.map((name) => join(folder, name)),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}

/** The format that a video's file name stands for. */
export function videoFormatOf(path: string, wishes: OutputWishes = {}): VideoFormat {
  const format = outputFormatOf(path, wishes);
  if (format.kind !== "video") throw new Error(`${path} is not a video`);
  return format;
}

/** The MD5 of a video's encoded stream, without its container. */
export async function streamMd5(path: string): Promise<string> {
  const { stdout } = await execa("ffmpeg", ["-v", "error", "-i", path, "-map", "0", "-c", "copy", "-f", "md5", "-"]);
  return stdout;
}
