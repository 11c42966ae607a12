import { parseRenderFlags, type RenderFlags } from "./flags.ts";

/** Environment variables that stand for flags: what a machine, rather than a command, decides. */
const variables: Readonly<Record<string, keyof RenderFlags>> = {
  RENDERFARM_NODES: "nodes",
  RENDERFARM_FARMSPEC: "farmspec",
  RENDERFARM_LOG_LEVEL: "logLevel",
  RENDERFARM_SLOTS: "slots",
  RENDERFARM_JOB_DIR: "jobDir",
};

/** @throws {FarmError} `FARM_BAD_INPUT` naming the flag that the variable stands for */
export function flagsOfEnvironment(environment: NodeJS.ProcessEnv): RenderFlags {
  const given = Object.entries(variables).filter(([variable]) => environment[variable]);
  return parseRenderFlags(Object.fromEntries(given.map(([variable, flag]) => [flag, environment[variable]])));
}
