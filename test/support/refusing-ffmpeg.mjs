// The real FFmpeg, which ends as it does at a frame that it cannot read when one comes that has this text in it.
// refusing-ffmpeg.mjs TEXT ARGUMENT...
import { spawn } from "node:child_process";

const [text = "", ...args] = process.argv.slice(2);
const ffmpeg = spawn("ffmpeg", args, { stdio: ["pipe", "inherit", "inherit"] });
ffmpeg.on("close", (code) => process.exit(code ?? 1));
ffmpeg.stdin.on("error", () => {});

let before = "";
for await (const piece of process.stdin) {
  const read = before + piece.toString("latin1");
  if (text !== "" && read.includes(text)) {
    ffmpeg.kill("SIGKILL");
    process.stderr.write("[png @ 0x5581] Decoding error: Invalid data found when processing input\n");
    process.exit(69);
  }
  before = read.slice(-text.length);
  if (!ffmpeg.stdin.write(piece))
    await new Promise((resolve) => ffmpeg.stdin.once("drain", resolve).once("close", resolve));
}
ffmpeg.stdin.end();
