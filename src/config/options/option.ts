import { resolve } from "node:path";
import { z } from "zod";

/** The groups in which `--help` lists the options. */
export type OptionGroup = "What to render" | "Where to render" | "The output" | "How to tell";

/**
 * One option of a render: everything that is known of it. Flags, the farmspec and its schema, environment variables,
 * `JobSettings` and the README's table are made from these.
 */
export interface Option<Value = unknown, Setting = unknown> {
  readonly group: OptionGroup;
  /** The flag with one hyphen, as `b`. */
  readonly short?: string;
  /** What the flag takes, as `<file>`; a flag without it is a switch. */
  readonly takes?: string;
  /** Whether the flag switches something off: `--no-save-farmspec`. */
  readonly isNegated?: boolean;
  readonly schema: z.ZodType<Value>;
  /** For `--help`, in one line. */
  readonly help: string;
  /** For the README, where it says more than the help. */
  readonly readme?: string;
  /** The variable that stands for it, where a machine rather than a command decides. */
  readonly environment?: string;
  /**
   * Whether a farmspec may set it. A farmspec may be a stranger's: what runs programs, opens files elsewhere or loosens
   * security may not.
   */
  readonly inFarmspec?: boolean;
  /** Its value in `JobSettings`, from what was given; `undefined` is for options of the command line alone. */
  readonly setting?: (value: Value | undefined, workingFolder: string) => Setting;
}

/** Declares an option, with the types of its value and of its setting. */
export function option<Value, Setting = undefined>(spec: Option<Value, Setting>): Option<Value, Setting> {
  return spec;
}

/** A setting that is what was given, and may be absent. */
export function asGiven<Value>(value: Value | undefined): Value | undefined {
  return value;
}

/** A setting that is what was given, or a default. */
export function withDefault<const Value>(otherwise: Value): (value: Value | undefined) => Value {
  return (value) => value ?? otherwise;
}

/** A switch, which is off unless it was given. */
export function isOn(value: boolean | undefined): boolean {
  return value ?? false;
}

/** An absolute path. */
export function asPath(value: string | undefined, workingFolder: string): string | undefined {
  return value === undefined ? undefined : resolve(workingFolder, value);
}

export const text = z.string().min(1);

export function whole(least: number, most: number) {
  return z.coerce.number(`a whole number from ${least} to ${most} is needed`).int().min(least).max(most);
}
