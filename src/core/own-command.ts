import { fileURLToPath } from "node:url";

/**
 * The command that starts this program again, for hints.
 *
 * It is never `npx renderfarm`: in another folder, that would fetch and run somebody else's package of that name.
 *
 * @param file A file of this program, which shows where it is installed
 */
export function ownCommand(
  environment: Readonly<Record<string, string | undefined>> = process.env,
  file = fileURLToPath(import.meta.url),
): string {
  if (environment.npm_execpath === undefined) return "renderfarm";
  // npx puts packages into a folder of that name in npm's cache.
  return /[\\/]_npx[\\/]/.test(file) ? "npx blender-renderfarm" : "npx --no-install renderfarm";
}
