import { type Command, Option as CommanderOption } from "commander";
import { flagOf, type Option, type OptionGroup, optionEntries } from "../index.ts";

const groups: readonly OptionGroup[] = [
  "What to render",
  "How to render",
  "Where to render",
  "The output",
  "What to show",
];

/** Adds the render options, in the groups of the help. They have no defaults here: see options.ts. */
export function addRenderFlags(program: Command): void {
  for (const group of groups) {
    program.optionsGroup(`${group}:`);
    for (const [name, option] of optionEntries) {
      if (option.group !== group) continue;
      program.addOption(commanderOption(name, option));
      // commander takes `--no-…` for true unless it is given, which would hide the value from a farmspec.
      if (option.isNegated) program.setOptionValueWithSource(name, undefined, undefined);
    }
  }
}

/** Adds some render options to another command. @param flags Option names; a value replaces the help text */
export function addFlags(command: Command, flags: Readonly<Record<string, string | undefined>>): void {
  for (const [name, option] of optionEntries) {
    if (name in flags) command.addOption(commanderOption(name, option, flags[name]));
  }
}

/** Makes commander's form of an option. @param help The help text, if it is not the option's own */
function commanderOption(name: string, option: Option, help = option.help): CommanderOption {
  const { short, takes, schema, isRepeated = false } = option;
  const flag = `${short === undefined ? "" : `-${short}, `}${flagOf(name)}${takes === undefined ? "" : ` ${takes}`}`;
  const made = new CommanderOption(flag, help);
  if (isRepeated) made.argParser((value, earlier: readonly string[] = []) => [...earlier, value]);
  // commander lists the choices in the help and refuses others.
  const { options: choices } = schema as { options?: unknown };
  const areChoices = Array.isArray(choices) && choices.every((choice) => typeof choice === "string");
  return areChoices ? made.choices(choices) : made;
}
