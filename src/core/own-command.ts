import { fileURLToPath } from "node:url";
import { shellWord } from "./text.ts";

/** What shows how this program was started. */
export interface Start {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** A file of this program, which shows where it is installed. */
  readonly file: string;
  /** The path that Node.js was given, made absolute: the program's main file, or the command that is linked to it. */
  readonly program: string;
  readonly workingFolder: string;
  readonly platform: NodeJS.Platform;
}

/**
 * The command that starts this program again in the same folder and in the same way, for hints.
 *
 * It is never `npx renderfarm`: in another folder, that would fetch and run somebody else's package of that name.
 */
export function ownCommand(start: Partial<Start> = {}): string {
  const { environment = process.env, file = fileURLToPath(import.meta.url), platform = process.platform } = start;
  const { program = process.argv[1] ?? "", workingFolder = process.cwd() } = start;
  // npx puts packages into a folder of that name in npm's cache.
  if (environment.npm_execpath !== undefined && /[\\/]_npx[\\/]/.test(file)) return "npx blender-renderfarm";
  if (environment.npm_execpath !== undefined || /[\\/]node_modules[\\/]\.bin[\\/]/.test(program)) {
    return "npx --no-install renderfarm";
  }
  // On Windows npm starts the main file of an installed package itself.
  const isInstalled = /[\\/]node_modules[\\/]/.test(program);
  if (isInstalled || !/[\\/]cli[\\/]main\.js$/.test(program)) return "renderfarm";
  const isBelow = program.startsWith(workingFolder) && /[\\/]/.test(program[workingFolder.length] ?? "");
  return `node ${shellWord(isBelow ? program.slice(workingFolder.length + 1) : program, platform)}`;
}
