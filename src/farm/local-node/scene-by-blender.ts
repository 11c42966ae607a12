import type { SceneRange } from "../../blendfile/scene-range.ts";
import { FarmError } from "../../core/errors.ts";
import { askProgram } from "../../system/programs/ask-program.ts";
import { findBlender } from "./find-blender.ts";
import { nodeEnvironment } from "./node-process.ts";

/** Somebody waits for it at a prompt. */
const answerWithinMs = 30_000;
const mark = "renderfarm-range ";
const question = `
import bpy, json, sys
name = sys.argv[sys.argv.index("--") + 1]
scene = bpy.data.scenes.get(name) if name else bpy.context.scene
if scene is not None:
    print("\\n" + ${JSON.stringify(mark)} + json.dumps([scene.name, scene.frame_start, scene.frame_end]))
`;

export interface SceneQuestion {
  /** `undefined` for the file's active scene. */
  readonly scene: string | undefined;
  /** The Blender to use; `undefined` finds one. */
  readonly blender: string | undefined;
  readonly signal: AbortSignal;
}

/**
 * Asks this machine's Blender which frames a scene has. Scripts in the file do not run.
 *
 * @returns `null` if there is no Blender here, or it does not know
 */
export async function askBlenderForRange(
  blend: string,
  { scene = "", blender, signal }: SceneQuestion,
): Promise<SceneRange | null> {
  const program = await findBlender(blender, signal).catch((error: unknown) => {
    if (error instanceof FarmError) return null;
    throw error;
  });
  if (program === null) return null;
  const start = ["-b", "--factory-startup", "-noaudio", "--disable-autoexec", blend];
  const args = [...start, "--python-expr", question, "--", scene];
  const { stdout } = await askProgram(program.path, args, {
    timeoutMs: answerWithinMs,
    signal,
    env: nodeEnvironment(program.path),
  });
  const line = stdout.split("\n").find((each) => each.startsWith(mark));
  return line === undefined ? null : parseRange(line.slice(mark.length));
}

function parseRange(text: string): SceneRange | null {
  try {
    const [scene, frameStart, frameEnd] = JSON.parse(text) as unknown[];
    if (typeof scene !== "string" || !Number.isSafeInteger(frameStart) || !Number.isSafeInteger(frameEnd)) return null;
    const range = { scene, frameStart: Number(frameStart), frameEnd: Number(frameEnd) };
    return range.frameEnd < range.frameStart ? null : range;
  } catch {
    return null; // something in Blender wrote into the line
  }
}
