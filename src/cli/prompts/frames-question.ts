import { styleText } from "node:util";
import inquirer from "inquirer";
import { FarmError, parseFrames, type SceneRange } from "../../index.ts";
import { orLeft } from "./questions.ts";

const scenesOwn = "the scene's own";

/**
 * Asks which frames to render, before any node is asked for. Enter alone means the scene's own.
 *
 * @param range The range of the blendfile's active scene; `null` if it is not known
 * @param scene The scene that is rendered, if it was named
 * @returns `undefined` for the scene's own
 * @throws {PromptCancelledError}
 */
export async function askFrames(range: SceneRange | null, scene: string | undefined): Promise<string | undefined> {
  const isKnown = range !== null && (scene === undefined || scene === range.scene);
  const own = `${scenesOwn}${isKnown ? `, ${range.frameStart}-${range.frameEnd}` : ""}`;
  // Tab puts the proposal into the line, to be changed there.
  const framesIn = (text: string) => (text.startsWith(`${scenesOwn}, `) ? text.slice(scenesOwn.length + 2) : text);
  const validate = (text: string) => {
    if (text === own) return true;
    try {
      parseFrames(framesIn(text));
      return true;
    } catch (error) {
      return error instanceof FarmError ? `${error.message}. ${error.hint}` : String(error);
    }
  };
  const theme = { style: { defaultAnswer: (text: string) => styleText("dim", `(${text})`) } };
  const question = { type: "input", name: "frames", message: "Frames", default: own, validate, theme } as const;
  const { frames } = await orLeft(inquirer.prompt([question]));
  return frames === own ? undefined : framesIn(String(frames));
}
