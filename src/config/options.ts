import { z } from "zod";
import type { Option } from "./options/option.ts";
import { outputOptions, reportingOptions } from "./options/output-options.ts";
import { overrideOptions } from "./options/override-options.ts";
import { nodeOptions, sceneOptions } from "./options/render-options.ts";

/**
 * The options of a render, in the order of the help and the README. To add one, add an entry here and the code that
 * uses its setting.
 */
const options = { ...sceneOptions, ...overrideOptions, ...nodeOptions, ...outputOptions, ...reportingOptions };

type Options = typeof options;
export type OptionName = keyof Options;

type ValueOf<Given> = Given extends Option<infer Value, infer _> ? Value : never;
type SettingOf<Given> = Given extends Option<infer _, infer Setting> ? Setting : never;

/** The options that were given, from any source. Others are absent, so that they do not override a lower layer. */
export type RenderFlags = { [Name in OptionName]?: ValueOf<Options[Name]> | undefined };

type SettingName = { [Name in OptionName]: SettingOf<Options[Name]> extends undefined ? never : Name }[OptionName];
/** The settings of a job that come from options, with their documentation. */
type OptionSettings = { readonly [Name in OptionName]: SettingOf<Options[Name]> };
export type RenderSettings = Pick<OptionSettings, Exclude<SettingName, never>>;

/** The options and their names, in order. */
export const optionEntries = Object.entries(options) as readonly (readonly [OptionName, Option])[];

/** Reads all options. */
export const flagsSchema = objectOf(() => true) as z.ZodType<RenderFlags>;

/** Reads the options that a farmspec may set. */
export const farmspecDefaults = objectOf(({ inFarmspec }) => inFarmspec === true);

/** The environment variables that set options. */
export const variables: readonly (readonly [variable: string, name: OptionName])[] = optionEntries.flatMap(
  ([name, { environment }]) => (environment === undefined ? [] : [[environment, name] as const]),
);

/** Makes the settings of a job from flags; the other options get their defaults. */
export function settingsOf(flags: RenderFlags, workingFolder: string): RenderSettings {
  const settings = optionEntries.flatMap(([name, { setting }]) =>
    setting === undefined ? [] : [[name, setting(flags[name], workingFolder)]],
  );
  return Object.fromEntries(settings) as RenderSettings;
}

export function isOptionName(name: string | undefined): name is OptionName {
  return name !== undefined && Object.hasOwn(options, name);
}

/** The flag of an option: `keepFrames` is `--keep-frames`, `saveFarmspec` is `--no-save-farmspec`. */
export function flagOf(name: string): string {
  const { isNegated = false } = (options as Readonly<Record<string, Option>>)[name] ?? {};
  return `--${isNegated ? "no-" : ""}${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

function objectOf(isWanted: (option: Option) => boolean) {
  const wanted = optionEntries.filter(([, option]) => isWanted(option));
  return z.strictObject(Object.fromEntries(wanted.map(([name, { schema }]) => [name, schema.optional()])));
}
