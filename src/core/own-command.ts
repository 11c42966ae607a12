import { fileURLToPath } from "node:url";

/**
 * How the user can start this program again, for hints: by its name, or through npx where npm started it.
 *
 * It is never `npx renderfarm`: typed in another folder, that fetches and runs a package of that name by somebody else.
 *
 * @param file A file of this program, which shows where it is installed
 */
export function ownCommand(
  environment: Readonly<Record<string, string | undefined>> = process.env,
  file = fileURLToPath(import.meta.url),
): string {
  if (environment.npm_execpath === undefined) return "renderfarm";
  // What npx has fetched lies in a folder of that name in npm's cache.
  return /[\\/]_npx[\\/]/.test(file) ? "npx blender-renderfarm" : "npx --no-install renderfarm";
}
