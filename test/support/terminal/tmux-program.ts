import { execFile } from "node:child_process";
import { copyFile, mkdir, symlink, writeFile } from "node:fs/promises";
import { basename, dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const project = fileURLToPath(new URL("../../..", import.meta.url));

/**
 * Compiles a part of src/ for a separate program, since Node 20 does not run TypeScript.
 *
 * @param program An .mjs file of this project; it imports compiled files by their paths in src/, as .js
 * @param part A folder or a file of src/
 * @param into An empty folder
 * @returns The program's path in that folder
 */
export async function compileProgram(program: string, part: string, into: string): Promise<string> {
  const config = {
    extends: join(project, "tsconfig.json"),
    compilerOptions: {
      ...{ rootDir: project, outDir: into, declaration: false, sourceMap: false },
      typeRoots: [join(project, "node_modules/@types")],
    },
    include: [join(project, part)],
  };
  await writeFile(join(into, "tsconfig.json"), JSON.stringify(config));
  await writeFile(join(into, "package.json"), '{"type":"module"}');
  await symlink(join(project, "node_modules"), join(into, "node_modules"), "junction");
  await promisify(execFile)(process.execPath, [join(project, "node_modules/typescript/bin/tsc"), "-p", into]);
  const folder = join(into, relative(project, dirname(program)));
  await mkdir(folder, { recursive: true });
  await copyFile(program, join(folder, basename(program)));
  return join(folder, basename(program));
}
