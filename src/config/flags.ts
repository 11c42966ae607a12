import { FarmError } from "../core/errors.ts";
import { ownCommand } from "../core/own-command.ts";
import { flagOf, flagsSchema, type RenderFlags, variables } from "./options.ts";

/** @throws {FarmError} `FARM_BAD_INPUT` naming the flag */
export function parseRenderFlags(value: unknown): RenderFlags {
  const parsed = flagsSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new FarmError(
    "FARM_BAD_INPUT",
    `Cannot use ${flagOf(String(issue?.path[0] ?? ""))}: ${issue?.message ?? "it is not valid"}`,
    `${ownCommand()} --help shows what each flag takes`,
  );
}

/** The flags that environment variables set. @throws {FarmError} `FARM_BAD_INPUT` naming the variable's flag */
export function flagsOfEnvironment(environment: NodeJS.ProcessEnv): RenderFlags {
  const given = variables.filter(([variable]) => environment[variable]);
  return parseRenderFlags(Object.fromEntries(given.map(([variable, name]) => [name, environment[variable]])));
}
