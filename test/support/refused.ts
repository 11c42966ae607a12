import { writeFile } from "node:fs/promises";
import type { Frame } from "../../src/core/node.ts";
import type { ScriptedFarm } from "./nodes/scripted-farm.ts";
import { withChunk } from "./odd-chunks.ts";
import { pngChunk } from "./png.ts";

const mark = "nobody can read this";
const program = new URL("refusing-ffmpeg.mjs", import.meta.url).pathname;

/** A picture that passes all our checks, but that {@link refusingFfmpeg} cannot read. */
export function unreadable(honest: Buffer): Buffer {
  return withChunk(honest, pngChunk("tEXt", `Note\0${mark}`));
}

/** Options of nodes that make each of these frames unreadable the first times it is rendered. */
export function spoils(frames: readonly Frame[], times = 1): (frame: Frame, honest: Buffer) => Buffer {
  const given = new Map<Frame, number>();
  return (frame, honest) => {
    const before = given.get(frame) ?? 0;
    given.set(frame, before + 1);
    return frames.includes(frame) && before < times ? unreadable(honest) : honest;
  };
}

/** The path of an FFmpeg that fails on unreadable frames, and is the real one for all others. */
export async function refusingFfmpeg(farm: ScriptedFarm): Promise<string> {
  const path = farm.path("refusing-ffmpeg");
  await writeFile(path, `#!/bin/sh\nexec '${process.execPath}' '${program}' '${mark}' "$@"\n`, { mode: 0o755 });
  return path;
}
