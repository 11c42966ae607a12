import { existsSync } from "node:fs";
import inquirer from "inquirer";
import { printable } from "../index.ts";

/** Whether somebody is there to answer: inquirer itself would read answers out of a pipe, or wait for ever. */
export function canAsk(flags: { readonly yes?: boolean | undefined; readonly json?: boolean | undefined }): boolean {
  return Boolean(process.stdin.isTTY && process.stdout.isTTY && !process.env.CI && !flags.yes && !flags.json);
}

/** A question was answered with Ctrl-C. */
export class LeftAtPromptError extends Error {}

/** Asks before something that exists is replaced. @returns Whether it may be. @throws {LeftAtPromptError} */
export async function mayReplace(output: string): Promise<boolean> {
  if (!existsSync(output)) return false;
  try {
    const answers = await inquirer.prompt([
      { type: "confirm", name: "replace", default: false, message: `${printable(output)} exists. Replace it?` },
    ]);
    return answers.replace === true;
  } catch (error) {
    // The class is in a package of inquirer's own, so it is known by its name.
    if (error instanceof Error && error.name === "ExitPromptError") throw new LeftAtPromptError();
    throw error;
  }
}
