import { mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** The folders of one test: its work folder, and the temporary folder of its programs. */
export interface LabFolders extends AsyncDisposable {
  /** For blendfiles, outputs, configuration and caches: removed with the test. */
  readonly work: string;
  /** TMPDIR of every program of the test; it must be empty when they have ended. */
  readonly temporary: string;
  /** What is left in `temporary`. */
  leftovers(): Promise<string[]>;
}

export async function openLabFolders(): Promise<LabFolders> {
  const root = await mkdtemp(join(tmpdir(), "renderfarm-test-"));
  const work = join(root, "work");
  const temporary = join(root, "tmp");
  await mkdir(work);
  await mkdir(temporary);
  return {
    work,
    temporary,
    leftovers: () => readdir(temporary, { recursive: true }),
    [Symbol.asyncDispose]: () => rm(root, { recursive: true, force: true, maxRetries: 3 }),
  };
}
