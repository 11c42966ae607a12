import { existsSync, statSync } from "node:fs";
import { basename, dirname, extname, join, resolve } from "node:path";
import { styleText } from "node:util";
import inquirer from "inquirer";
import { FarmError, previewNameOf, printable, type RenderFlags, requireOutputKind } from "../../index.ts";
import { shortPath } from "./blend-question.ts";
import { orLeft } from "./questions.ts";
import { typedPath } from "./typed-path.ts";

/** An output, and whether the user allows that an existing one is replaced. */
export type ChosenOutput = Required<Pick<RenderFlags, "output" | "overwrite">>;

/**
 * Asks for the output if it is not given, and before an existing one is replaced. After a no, asks for another name.
 *
 * @param blend The blendfile: a video named like it is proposed
 * @throws {PromptCancelledError}
 */
export async function chooseOutput(given: RenderFlags, blend: string): Promise<ChosenOutput> {
  const named = resolve(dirname(resolve(blend)), `${basename(blend, extname(blend))}.mp4`);
  let output = given.output ?? (await askOutput(shortPath(named), given));
  const made = () => (given.preview ? previewNameOf(output) : output);
  if (given.overwrite) return { output, overwrite: true };
  while (isReplaced(made())) {
    if (await mayReplace(made())) return { output, overwrite: true };
    output = await askOutput(freeName(output), given);
  }
  return { output, overwrite: false };
}

/** In a folder, only pictures with this job's frame numbers would be replaced; the job checks each. */
function isReplaced(output: string): boolean {
  return existsSync(output) && !statSync(output).isDirectory();
}

async function mayReplace(output: string): Promise<boolean> {
  const message = `${printable(output)} exists. Replace it?`;
  const { replace } = await orLeft(inquirer.prompt([{ type: "confirm", name: "replace", default: false, message }]));
  return replace === true;
}

/** The same name with the first number that is free: `film-2.mp4`. */
function freeName(output: string): string {
  const extension = extname(output);
  const stem = join(dirname(output), basename(output, extension)).replace(/-\d+$/, "");
  let number = 2;
  while (existsSync(`${stem}-${number}${extension}`)) number += 1;
  return `${stem}-${number}${extension}`;
}

async function askOutput(proposed: string, { codec, crf, format }: RenderFlags): Promise<string> {
  const read = (text: string) => (text === proposed ? { shown: proposed, path: proposed } : typedPath(text));
  // The answer is a path as the file system has it; only its display is made printable.
  const defaultAnswer = (text: string) => styleText("dim", `(${printable(text)})`);
  const transformer = (text: string, { isFinal }: { isFinal: boolean }) =>
    isFinal ? styleText("cyan", printable(read(text).shown)) : printable(text);
  const validate = async (text: string) => {
    try {
      await requireOutputKind({ output: read(text).path, codec, crf, format });
      return true;
    } catch (error) {
      return error instanceof FarmError ? printable(`${error.message}. ${error.hint}`) : String(error);
    }
  };
  const shown = { transformer, theme: { style: { defaultAnswer } } };
  const question = { type: "input", name: "output", message: "Output", default: proposed, validate, ...shown } as const;
  const { output } = await orLeft(inquirer.prompt([question]));
  return read(String(output)).path;
}
