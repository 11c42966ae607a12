import { flagOf, optionEntries, ownCommand, type RenderFlags, shellWord } from "../index.ts";
import { shortPath } from "./prompts/blend-question.ts";

/**
 * The whole command that renders with these flags, to be pasted into a shell in the same folder. No flag holds a key, so
 * none is in it.
 *
 * @param flags What was typed, and the answers to questions
 */
export function commandOf(flags: RenderFlags, start = ownCommand(), platform = process.platform): string {
  const words = optionEntries.flatMap(([name, { takes, isNegated = false }]) => {
    const value = flags[name];
    if (value === undefined) return [];
    if (takes === undefined) return value === !isNegated ? [flagOf(name)] : [];
    const values = (Array.isArray(value) ? value : [value]).map(String);
    const isPath = name === "blend" || name === "output";
    return values.flatMap((each) => [flagOf(name), shellWord(isPath ? shortPath(each) : each, platform)]);
  });
  return [start, ...words].join(" ");
}

/**
 * The command that continues a job: `--fresh` is not in it, which would throw away what was rendered since.
 *
 * @param hasScene Whether the job has begun to render
 */
export function commandToContinue(flags: RenderFlags, hasScene: boolean): string {
  return commandOf(hasScene ? { ...flags, fresh: undefined } : flags);
}

const commands = new WeakMap<Error, string>();

/** Notes with which command a job that failed can be continued, for `commandAfter`. */
export function rememberCommand(error: Error, command: string): void {
  commands.set(error, command);
}

/** The command to run again, if the error's hint asks the user to run the same one. */
export function commandAfter(error: Error & { readonly hint: string }): string | undefined {
  return /\bthe same command\b/i.test(error.hint) ? commands.get(error) : undefined;
}
