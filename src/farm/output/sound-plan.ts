import type { JobSettings } from "../../config/job-settings.ts";
import type { Frame } from "../../core/node.ts";
import { encodersOf } from "../../encode/ffmpeg/ffmpeg-tools.ts";
import { frameRateOf, framesPerSecond } from "../../encode/frame-rate.ts";
import type { OutputFormat } from "../../encode/output-format.ts";
import { soundCodecOf } from "../../encode/sound-codec.ts";
import type { OutputFacts } from "./output-facts.ts";
import type { PreparedOutput } from "./prepare-output.ts";
import type { SceneFacts } from "./scene-facts.ts";
import { isSceneHeard, soundFileOf } from "./wanted-sound.ts";

/** What becomes of the sound. */
export type SoundPlan =
  | { readonly type: "none" }
  /** The scene has sound, and the output cannot have it. */
  | { readonly type: "impossible"; readonly why: string }
  /** A node mixes it down. */
  | {
      readonly type: "mix";
      readonly firstFrame: Frame;
      readonly lastFrame: Frame;
      readonly leadSeconds: number;
      readonly seconds: number;
    }
  /** A file of the user's. */
  | { readonly type: "file"; readonly path: string; readonly seconds: number };

/** The plan, unless this FFmpeg cannot carry it out. */
export async function possibleSound(
  plan: SoundPlan,
  { format, tools }: Pick<PreparedOutput, "format" | "tools">,
  signal: AbortSignal,
): Promise<SoundPlan> {
  if ((plan.type !== "mix" && plan.type !== "file") || format.kind !== "video" || tools === undefined) return plan;
  const { encoder } = soundCodecOf(format);
  if ((await encodersOf(tools, signal)).has(encoder)) return plan;
  return { type: "impossible", why: `${tools.ffmpeg} (${tools.version}) was built without ${encoder}` };
}

/**
 * Decides where the output's sound comes from. Sound follows the pictures only if these are shown at the scene's own speed. Blender mixes no sound of frames below 0, so there is silence then.
 */
export function soundPlanOf(
  { scene }: Pick<SceneFacts, "scene">,
  { frames, rate }: OutputFacts,
  { audio }: Pick<JobSettings, "audio">,
  format: OutputFormat,
): SoundPlan {
  if (audio === "off") return { type: "none" };
  const seconds = frames.length / framesPerSecond(rate);
  const path = soundFileOf({ audio });
  if (path !== undefined) return { type: "file", path, seconds };
  const impossible = (why: string): SoundPlan => ({ type: "impossible", why });
  if (scene.sound !== true) return audio === "wav" ? impossible("nothing in the scene can be heard") : { type: "none" };
  const [first = 0, last = 0] = [frames[0], frames.at(-1)];
  if (!isSceneHeard({ audio }, format)) {
    const what = format.kind === "gif" ? "a GIF has none" : "pictures have none";
    return impossible(`${what}; a render with --audio wav writes it beside them`);
  }
  // In a preview, each picture is shown for as long as several frames.
  const step = (frames[1] ?? first + 1) - first;
  const isEven = frames.every((frame, index) => frame === first + index * step);
  const speed = framesPerSecond(frameRateOf(scene.fps, scene.fpsBase)) / framesPerSecond(rate);
  if (!isEven || Math.abs(speed / step - 1) > 1e-6) {
    const why = step === 1 && isEven ? "with another --fps than the scene's," : "the frames have gaps, so";
    return impossible(`${why} it would not follow the pictures`);
  }
  if (last < 0) return impossible("Blender mixes no sound of frames below 0");
  const leadSeconds = first < 0 ? -first / framesPerSecond(rate) : 0;
  return { type: "mix", firstFrame: Math.max(0, first), lastFrame: last + step - 1, leadSeconds, seconds };
}
