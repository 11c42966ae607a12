import { resolve } from "node:path";
import { z } from "zod";

/** The groups in which `--help` lists the options. */
export type OptionGroup = "What to render" | "How to render" | "Where to render" | "The output" | "What to show";

/**
 * One option of a render. The flags, the farmspec and its schema, the environment variables, `JobSettings` and the
 * README's table are made from these.
 */
export interface Option<Value = unknown, Setting = unknown> {
  readonly group: OptionGroup;
  /** The short flag without its hyphen, for example `b`. */
  readonly short?: string;
  /** The flag's argument, for example `<file>`; a flag without one is a switch. */
  readonly takes?: string;
  /** Whether the flag switches something off, like `--no-save-farmspec`. */
  readonly isNegated?: boolean;
  /** Whether the flag may be given several times; its value is then a list. */
  readonly isRepeated?: boolean;
  readonly schema: z.ZodType<Value>;
  /** One line for `--help`. */
  readonly help: string;
  /** Text for the README, if it says more than the help. */
  readonly readme?: string;
  /** The environment variable that sets it, if it may belong to a machine rather than to a command. */
  readonly environment?: string;
  /**
   * Whether a farmspec may set it. A farmspec may come from somebody else, so it must not set an option that runs
   * programs, opens other files or loosens security.
   */
  readonly inFarmspec?: boolean;
  /** Makes its value in `JobSettings`. It is `undefined` for options that only the command line uses. */
  readonly setting?: (value: Value | undefined, workingFolder: string) => Setting;
}

/** Declares an option, so that the types of its value and its setting are inferred. */
export function option<Value, Setting = undefined>(spec: Option<Value, Setting>): Option<Value, Setting> {
  return spec;
}

/** The setting is the given value; it may be absent. */
export function asGiven<Value>(value: Value | undefined): Value | undefined {
  return value;
}

/** The setting is the given value or a default. */
export function withDefault<const Value>(otherwise: Value): (value: Value | undefined) => Value {
  return (value) => value ?? otherwise;
}

/** The setting is a switch, off unless it was given. */
export function isOn(value: boolean | undefined): boolean {
  return value ?? false;
}

/** The setting is an absolute path. */
export function asPath(value: string | undefined, workingFolder: string): string | undefined {
  return value === undefined ? undefined : resolve(workingFolder, value);
}

export const text = z.string().min(1);

/** A switch that an environment variable may set too: "yes", "no", "1", "0", … */
export const switchedByText = z.union([z.boolean(), z.stringbool()]);

export function whole(least: number, most: number) {
  return z.coerce.number(`a whole number from ${least} to ${most} is needed`).int().min(least).max(most);
}
