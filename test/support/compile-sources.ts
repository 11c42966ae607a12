import { copyFile, mkdir, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";

const project = fileURLToPath(new URL("../..", import.meta.url));

/**
 * Compiles the sources for a separate program that can be killed: Node 20 does not run TypeScript.
 *
 * @param program Path in the project of an .mjs that imports from the project's src/
 * @param into Output folder; it is created
 * @returns Path of the program, ready to be run
 */
export async function compileSources(program: string, into: string): Promise<string> {
  const copy = join(into, program);
  await mkdir(dirname(copy), { recursive: true });
  const config = {
    extends: join(project, "tsconfig.json"),
    compilerOptions: {
      ...{ rootDir: project, outDir: into, declaration: false, sourceMap: false },
      typeRoots: [join(project, "node_modules/@types")],
    },
    include: [join(project, "src")],
  };
  await writeFile(join(into, "tsconfig.json"), JSON.stringify(config));
  await writeFile(join(into, "package.json"), '{"type":"module"}');
  await symlink(join(project, "node_modules"), join(into, "node_modules"), "junction");
  await symlink(join(project, "blender_scripts"), join(into, "blender_scripts"), "junction");
  await execa(process.execPath, [join(project, "node_modules/typescript/bin/tsc"), "-p", into]);
  await copyFile(join(project, program), copy);
  return copy;
}
