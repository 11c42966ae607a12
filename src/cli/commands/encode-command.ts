import { resolve } from "node:path";
import {
  counted,
  encodeFolder,
  flagsOfEnvironment,
  formatDuration,
  namedJobFolder,
  parseRenderFlags,
  printable,
} from "../../index.ts";
import { out } from "../outputs.ts";
import { JsonLines } from "../reporters/json-lines.ts";
import { jsonReporter, plainReporter } from "../reporters/reporters.ts";
import { listenForInterrupts } from "../signals.ts";
import { passesText, picturesText } from "../texts/output-words.ts";

/** `renderfarm encode FOLDER`: makes the video of a job folder, which may be named by its output, from its frames. */
export async function encodeCommand(folder: string, options: Record<string, unknown>): Promise<number> {
  const { output, crf, codec, poster, overwrite, ffmpeg, passes, allowSleep, json } = parseRenderFlags(options);
  const reporter = json ? jsonReporter() : plainReporter();
  using interrupts = listenForInterrupts();
  const signal = AbortSignal.any([interrupts.drain, interrupts.stop]);
  const beside: string[] = [];
  try {
    const result = await encodeFolder(await namedJobFolder(folder, flagsOfEnvironment(process.env).jobDir), {
      ...{ crf, codec, ffmpeg, signal },
      output: output === undefined ? undefined : resolve(output),
      poster: poster === undefined ? undefined : resolve(poster),
      overwrite: overwrite ?? false,
      passes: passes !== "off",
      allowSleep: allowSleep ?? false,
      onEvent: (event) => {
        if (event.type === "pictures:written") beside.push(picturesText(event));
        if (event.type === "passes:written") beside.push(passesText(event));
        reporter.tell(event);
      },
    });
    if (json) new JsonLines((line) => out.write(line), Date.now).tell({ type: "encode:completed" }, result);
    else {
      const { frames, seconds } = result;
      out.write(`${printable(result.output)}: ${counted(frames, "frame")} in ${formatDuration(seconds * 1000)}\n`);
      for (const line of beside) out.write(`  ${line}\n`);
    }
    return 0;
  } catch (error) {
    if (!signal.aborted) throw error;
    reporter.tell({ type: "job:interrupted", missing: 0 });
    return interrupts.exitCode ?? 130;
  }
}
