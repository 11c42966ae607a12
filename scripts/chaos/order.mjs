import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
const [width, height] = [96, 54];

/** Whether a video has these pictures in their order, whatever its encoder has lost of them. @param {string} video @param {string} folder */
export async function isInOrder(video, folder) {
  const [shown, meant] = await Promise.all([
    picturesOf(["-i", video]),
    picturesOf(["-f", "image2", "-pattern_type", "glob", "-i", join(folder, "*.png")]),
  ]);
  return shown.length === meant.length && shown.every((picture, place) => isMostLike(picture, meant, place));
}

/**
 * Where the scene hardly moves, neighbours differ by less than the encoder's own error: another one must be clearly
 * nearer to count.
 *
 * @param {Buffer} picture @param {readonly Buffer[]} others @param {number} place
 */
function isMostLike(picture, others, place) {
  const meant = others[place];
  if (meant === undefined) return false;
  const nearest = Math.min(...others.map((other) => distance(picture, other)));
  return distance(picture, meant) <= 2 * nearest;
}

/** @param {Buffer} one @param {Buffer} other */
function distance(one, other) {
  let sum = 0;
  for (let index = 0; index < one.length; index += 1) sum += ((one[index] ?? 0) - (other[index] ?? 0)) ** 2;
  return sum;
}

/** Each picture in small and grey. @param {readonly string[]} input */
async function picturesOf(input) {
  const shape = ["-vf", `scale=${width}:${height}`, "-pix_fmt", "gray", "-f", "rawvideo", "-"];
  const options = { encoding: /** @type {const} */ ("buffer"), maxBuffer: 256 * 1024 * 1024 };
  const { stdout } = await run("ffmpeg", ["-v", "error", ...input, ...shape], options);
  const size = width * height;
  return Array.from({ length: stdout.length / size }, (_, index) => stdout.subarray(index * size, (index + 1) * size));
}
