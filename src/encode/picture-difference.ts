import { startProgram } from "../system/programs/start-program.ts";

/** How two pictures of the same size differ. */
export interface PictureDifference {
  readonly pixels: number;
  /** How many of them differ in any channel. */
  readonly differing: number;
  /** The largest difference of any channel, of 255. */
  readonly largest: number;
}

const channels = 4;
const bytesPerPixel = 2 * channels;

/**
 * Compares two pictures, and writes one of their difference: black where they are the same.
 *
 * @param picture Path of the PNG to write; an existing one is replaced
 * @throws If FFmpeg cannot read one of them, or they differ in size
 */
export async function comparePictures(
  ffmpeg: string,
  one: string,
  other: string,
  picture: string,
  signal: AbortSignal,
): Promise<PictureDifference> {
  const wide = "format=gbrap16le";
  const graph = `[0:v]${wide}[a];[1:v]${wide}[b];[a][b]blend=all_mode=difference,split[c][d];[d]format=rgb24[e]`;
  const raw = ["-map", "[c]", "-f", "rawvideo", "-pix_fmt", "rgba64le", "pipe:1"];
  const shown = ["-map", "[e]", "-update", "1", "-frames:v", "1", picture];
  const args = ["-v", "error", "-y", "-i", one, "-i", other, "-filter_complex", graph, ...raw, ...shown];
  const program = startProgram(ffmpeg, args, {
    encoding: "buffer",
    stdin: "ignore",
    stdout: "pipe",
    // Raw pixels of a large picture are more than a process should hold: an 8K picture has 265 MB of them.
    buffer: { stdout: false },
    cancelSignal: signal,
  } as const);
  const [difference] = await Promise.all([measure(program.stdout), program]);
  return difference;
}

/** @param raw Differences, with four channels of 16 bits, in pieces of any size */
async function measure(raw: AsyncIterable<Buffer>): Promise<PictureDifference> {
  let [pixels, differing, largest] = [0, 0, 0];
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of raw) {
    const piece = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    const whole = piece.length - (piece.length % bytesPerPixel);
    for (let at = 0; at < whole; at += bytesPerPixel) {
      let most = 0;
      for (let channel = 0; channel < channels; channel++) most = Math.max(most, piece.readUInt16LE(at + 2 * channel));
      if (most > 0) differing++;
      largest = Math.max(largest, most);
    }
    pixels += whole / bytesPerPixel;
    rest = piece.subarray(whole);
  }
  return { pixels, differing, largest: Math.ceil(largest / 257) };
}
