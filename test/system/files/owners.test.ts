import { chmod, chown, mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { formatFarmKey } from "../../../src/config/farm-key-text.ts";
import { keyFileOf, loadKeys, saveKey } from "../../../src/config/keys.ts";
import { type FarmKey, makeFarmKey } from "../../../src/core/farm-key.ts";
import { KnownNodes } from "../../../src/farm/nodes/trust/known-nodes.ts";
import { skipBecause } from "../../support/skip.ts";
import { makeTemporaryFolder, type TemporaryFolder } from "../../support/temporary-folder.ts";

const isRoot = process.getuid?.() === 0;
/** A user id that no machine uses. */
const otherUser = 54_321;
const builder = new URL("../../../scripts/build.mjs", import.meta.url).href;
const program = fileURLToPath(new URL("../../../dist/cli/main.js", import.meta.url));

const { build } = (await import(/* @vite-ignore */ builder)) as { build: (say: () => void) => Promise<void> };
await build(() => {});

let folder: TemporaryFolder;
let config: string;
let key: FarmKey;

beforeEach(async () => {
  folder = await makeTemporaryFolder();
  config = join(folder.path, "config");
  key = makeFarmKey();
  await saveKey(key, config);
});
afterEach(() => folder[Symbol.asyncDispose]());

const load = (keyFile?: string) => loadKeys({ environment: {}, keyFile, configFolder: config });
const ids = async (keyFile?: string) => (await load(keyFile)).map(({ id }) => id);

describe.skipIf(process.platform === "win32")("a config folder that others can write to", () => {
  test.each([
    ["everybody", 0o707],
    ["everybody", 0o777],
  ])("is refused with the command that fixes it (%s, %o)", async (who, mode) => {
    await chmod(config, mode);
    const refusal = {
      ...{ code: "FARM_UNSAFE_PATH", exitCode: 2, message: expect.stringContaining(`${config}: ${who} may write`) },
      hint: expect.stringContaining(`chmod go-w '${config}'`),
    };
    await expect(load()).rejects.toMatchObject(refusal);
    await expect(saveKey(makeFarmKey(), config)).rejects.toMatchObject(refusal);
    expect(() => new KnownNodes(config).of("a")).toThrow(expect.objectContaining(refusal));
    await chmod(config, mode & ~0o022);
    expect(await ids()).toEqual([key.id]);
  });

  test("is used when users can remove only their own files there, as in /tmp", async () => {
    await chmod(config, 0o1777);
    expect(await ids()).toEqual([key.id]);
  });

  test("is refused for a key in it that others can write to", async () => {
    await chmod(keyFileOf(config), 0o606);
    await expect(load()).rejects.toMatchObject({
      code: "FARM_UNSAFE_PATH",
      message: expect.stringMatching(/key: every/),
    });
  });
});

describe.skipIf(skipBecause(isRoot ? undefined : "only root can give files away"))(
  "what belongs to another user",
  () => {
    const belongs = (path: string) => ({
      ...{ code: "FARM_UNSAFE_PATH", message: expect.stringContaining(`${path}: it belongs to another user`) },
      hint: expect.stringContaining("chown 0"),
    });

    test("is not our config folder", async () => {
      await chown(config, otherUser, otherUser);
      await expect(load()).rejects.toMatchObject(belongs(config));
    });

    test("is not our key or our list of known nodes, even through a symlink", async () => {
      await chown(keyFileOf(config), otherUser, otherUser);
      await expect(load()).rejects.toMatchObject(belongs(keyFileOf(config)));
      await writeFile(join(folder.path, "nodes"), '{"version":2,"nodes":{}}');
      await chown(join(folder.path, "nodes"), otherUser, otherUser);
      await symlink("../nodes", join(config, "known-nodes.json"));
      expect(() => new KnownNodes(config).of("a")).toThrow(
        expect.objectContaining(belongs(join(config, "known-nodes.json"))),
      );
    });

    test("may be the key file that the user named, even through symlinks, as with Kubernetes secrets", async () => {
      const secret = makeFarmKey();
      await mkdir(join(folder.path, "..data"));
      await writeFile(join(folder.path, "..data", "key"), formatFarmKey(secret), { mode: 0o644 });
      await chown(join(folder.path, "..data", "key"), otherUser, otherUser);
      await symlink("..data/key", join(folder.path, "key"));
      expect(await ids(join(folder.path, "key"))).toEqual([secret.id, key.id]);
    });

    test("is used by a user who became root by sudo, if it is their own", async () => {
      await chown(config, otherUser, otherUser);
      await chown(keyFileOf(config), otherUser, otherUser);
      const shown = await showKey({ SUDO_UID: String(otherUser) });
      expect(shown).toMatchObject({ stdout: key.id, exitCode: 0 });
      expect(await showKey({ SUDO_UID: "1" })).toMatchObject({ exitCode: 2 });
    });
  },
);

/** A user of this machine with a group of the same name, which can write new files if the umask is 002. */
async function userWithOwnGroup(): Promise<{ uid: number; gid: number } | string> {
  if (!isRoot) return "only root can be another user";
  const groups = await readFile("/etc/group", "utf8").catch(() => "");
  for (const line of (await readFile("/etc/passwd", "utf8").catch(() => "")).split("\n")) {
    const [name = "", , uid, gid] = line.split(":");
    if (Number(uid) > 0 && groups.includes(`\n${name}:x:${gid}:\n`)) {
      const user = { uid: Number(uid), gid: Number(gid) };
      const { failed } = await execa(process.execPath, [program, "--version"], { ...user, reject: false });
      return failed ? "other users cannot read this program" : user;
    }
  }
  return "no user here has a group of their own";
}

const user = await userWithOwnGroup();

test.skipIf(skipBecause(typeof user === "string" ? user : undefined))(
  "a config folder that is writable by its group is used only if the group is the user's own",
  async () => {
    if (typeof user === "string") return expect.fail();
    const { uid, gid } = user;
    for (const path of [config, keyFileOf(config)]) await chown(path, uid, gid);
    await chmod(folder.path, 0o755);
    await chmod(config, 0o775);
    await chmod(keyFileOf(config), 0o664);
    expect(await showKey({}, user)).toMatchObject({ stdout: key.id, exitCode: 0 });
    await chown(config, uid, otherUser);
    const refused = await showKey({}, user);
    expect(refused.stderr).toMatch(/the group 54321 may write to it\n {2}chmod go-w/);
    expect(refused.exitCode).toBe(2);
  },
);

function showKey(environment: Record<string, string>, as: { uid?: number; gid?: number } = {}) {
  const env = { PATH: process.env.PATH, RENDERFARM_CONFIG_DIR: config, ...environment };
  return execa(process.execPath, [program, "key", "show"], { ...as, env, extendEnv: false, reject: false });
}
