// A program that asks FFmpeg, ffprobe and Blender, and lives on after a Ctrl-C. process-group.test.ts compiles src/ and puts
// this file where its imports are right.
import { findFfmpeg } from "../../src/encode/ffmpeg/ffmpeg-tools.js";
import { probeVideo } from "../../src/encode/ffmpeg/probe.js";
import { findBlender } from "../../src/farm/local-node/find-blender.js";

process.on("SIGINT", () => {});
const [, , ffmpeg, blender, video] = process.argv;
const tools = await findFfmpeg({ path: ffmpeg, environment: {} });
const facts = await probeVideo(tools, video);
const program = await findBlender(blender, new AbortController().signal);
console.log(JSON.stringify({ version: tools.version, packets: facts.packets, blender: program.version }));
