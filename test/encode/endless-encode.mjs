// A program that encodes one frame again and again until it is killed, and prints FFmpeg's process number once FFmpeg has
// read some frames. orphan.test.ts compiles src/ and puts this file where its imports are right.
import { Encoder } from "../../src/encode/encoder.js";
import { findFfmpeg } from "../../src/encode/ffmpeg/ffmpeg-tools.js";
import { outputFormatOf } from "../../src/encode/output-format.js";

const [, , frame, output] = process.argv;
const encoder = await Encoder.open({
  tools: await findFfmpeg(),
  output,
  format: outputFormatOf(output),
  rate: { numerator: 24, denominator: 1 },
  width: 64,
  height: 48,
  jobId: "0123456789abcdef0123456789abcdef",
});
for (let count = 1; ; count++) {
  await encoder.write(frame);
  if (count === 500) console.log(encoder.pid);
}
