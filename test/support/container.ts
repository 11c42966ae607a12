import { chmod, chown } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { blenderPath } from "./blender.ts";
import { makeTemporaryFolder, type TemporaryFolder } from "./temporary-folder.ts";

/** A user id that the system does not know. */
const nobody = 12_345;
const asNobody = ["setpriv", "--reuid", String(nobody), "--regid", String(nobody), "--clear-groups"];
const main = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
/** Set in the environment where a run needs one. */
export const someKey = "AEBAGBAFAYDQQCIKBMGA2DQPCAIREEYU";

/** Why no program can run as in a container here; undefined when it can. */
export async function containerProblem(): Promise<string | undefined> {
  if (process.platform !== "linux" || process.getuid?.() !== 0) return "only root on Linux can become another user";
  if (blenderPath === undefined) return "there is no Blender on PATH";
  const [program = "", ...words] = asNobody;
  const { failed } = await execa(program, [...words, "test", "-r", main], { reject: false });
  return failed ? "other users cannot read this clone, or setpriv is missing" : undefined;
}

/** A folder that this user may write to. */
export async function makeWorkFolder(): Promise<TemporaryFolder> {
  const folder = await makeTemporaryFolder();
  await chown(folder.path, nobody, nobody);
  await chmod(folder.path, 0o755);
  return folder;
}

/** Starts the command line in a folder as this user, with its own loopback and only these variables. */
export function inContainer(folder: string, args: readonly string[], env: Readonly<Record<string, string>>) {
  const [program = "", ...words] = [
    "unshare",
    "--net",
    "sh",
    "-c",
    'ip link set lo up; exec "$@"',
    "sh",
    ...asNobody,
    process.execPath,
    main,
  ];
  return execa(program, [...words, ...args], {
    ...{ cwd: folder, extendEnv: false, reject: false, all: true, input: someKey, timeout: 100_000 },
    env: { PATH: process.env.PATH ?? "", LANG: "C.UTF-8", BLENDER: blenderPath ?? "", ...env },
  });
}
