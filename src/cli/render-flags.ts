import { type Command, Option as CommanderOption } from "commander";
import { flagOf, type Option, type OptionGroup, optionEntries } from "../index.ts";

const groups: readonly OptionGroup[] = ["What to render", "Where to render", "The output", "How to tell"];

/** Adds the options of a render, in the groups in which the help shows them. They have no defaults here: see options.ts. */
export function addRenderFlags(program: Command): void {
  for (const group of groups) {
    program.optionsGroup(`${group}:`);
    for (const [name, option] of optionEntries) {
      if (option.group === group) program.addOption(commanderOption(name, option));
    }
  }
}

/** Adds some of them to another command. @param flags By name, with another text for the help where that is needed */
export function addFlags(command: Command, flags: Readonly<Record<string, string | undefined>>): void {
  for (const [name, option] of optionEntries) {
    if (name in flags) command.addOption(commanderOption(name, option, flags[name]));
  }
}

/** An option as commander knows it. @param help Another text for another command */
function commanderOption(name: string, option: Option, help = option.help): CommanderOption {
  const { short, takes, schema } = option;
  const flag = `${short === undefined ? "" : `-${short}, `}${flagOf(name)}${takes === undefined ? "" : ` ${takes}`}`;
  const made = new CommanderOption(flag, help);
  // commander lists choices in the help, and tells a wrong one.
  const { options: choices } = schema as { options?: unknown };
  const areChoices = Array.isArray(choices) && choices.every((choice) => typeof choice === "string");
  return areChoices ? made.choices(choices) : made;
}
