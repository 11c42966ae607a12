import { join } from "node:path";
import { execa } from "execa";

const [width, height] = [96, 54];

/** Whether a video has a folder's pictures in their order, in spite of the encoder's losses. */
export async function isInOrder(video: string, folder: string): Promise<boolean> {
  const [shown, meant] = await Promise.all([
    picturesOf(["-i", video]),
    picturesOf(["-f", "image2", "-pattern_type", "glob", "-i", join(folder, "*.png")]),
  ]);
  return shown.length === meant.length && shown.every((picture, place) => isMostLike(picture, meant, place));
}

/**
 * Whether no other picture is clearly more similar. Where the scene hardly moves, neighbours differ by less than the
 * encoder's own error.
 */
function isMostLike(picture: Uint8Array, others: readonly Uint8Array[], place: number): boolean {
  const distances = others.map((other) => distance(picture, other));
  return (distances[place] ?? Number.NaN) <= 2 * Math.min(...distances);
}

function distance(one: Uint8Array, other: Uint8Array): number {
  return one.reduce((sum, value, index) => sum + (value - (other[index] ?? 0)) ** 2, 0);
}

/** Each picture, small and grey. */
async function picturesOf(input: readonly string[]): Promise<Uint8Array[]> {
  const shape = ["-vf", `scale=${width}:${height}`, "-pix_fmt", "gray", "-f", "rawvideo", "-"];
  const { stdout } = await execa("ffmpeg", ["-v", "error", ...input, ...shape], { encoding: "buffer" });
  const size = width * height;
  return Array.from({ length: stdout.length / size }, (_, index) => stdout.subarray(index * size, (index + 1) * size));
}
