import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { formatFarmKey } from "../../src/config/farm-key-text.ts";
import { keyFileOf, loadKeys, saveKey, saveNewKey } from "../../src/config/keys.ts";
import { makeFarmKey } from "../../src/core/farm-key.ts";
import { modeForOthers } from "../support/file-modes.ts";
import { makeTemporaryFolder, type TemporaryFolder } from "../support/temporary-folder.ts";

let folder: TemporaryFolder;
beforeEach(async () => {
  folder = await makeTemporaryFolder();
});
afterEach(() => folder[Symbol.asyncDispose]());

const load = (environment: NodeJS.ProcessEnv = {}, keyFile?: string) =>
  loadKeys({ environment, keyFile, configFolder: join(folder.path, "config") });

test("loadKeys() returns the most explicit key first: file, environment, config folder", async () => {
  const [named, environment, usual] = [makeFarmKey(), makeFarmKey(), makeFarmKey()];
  const file = join(folder.path, "named");
  await writeFile(file, `${formatFarmKey(named)}\n`);
  await saveKey(usual, join(folder.path, "config"));
  const keys = await load({ RENDERFARM_KEY: formatFarmKey(environment) }, file);
  expect(keys.map(({ id }) => id)).toEqual([named.id, environment.id, usual.id]);
});

test("loadKeys() returns each key once, and an empty list without an error", async () => {
  expect(await load()).toEqual([]);
  expect(await load({ RENDERFARM_KEY: "" })).toEqual([]);
  const key = makeFarmKey();
  await saveKey(key, join(folder.path, "config"));
  expect((await load({ RENDERFARM_KEY: formatFarmKey(key) })).map(({ id }) => id)).toEqual([key.id]);
});

test("loadKeys() names the source of a bad key, but not the key", async () => {
  const wrong = "NOT-A-KEY-0189";
  const file = join(folder.path, "named");
  await writeFile(file, wrong);
  for (const [loading, source] of [
    [() => load({ RENDERFARM_KEY: wrong }), "RENDERFARM_KEY"],
    [() => load({}, file), file],
    [() => load({}, join(folder.path, "none")), join(folder.path, "none")],
    [() => load({}, folder.path), folder.path],
  ] as const) {
    const failure = await loading().catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: "FARM_KEY_UNUSABLE", message: expect.stringContaining(source) });
    expect((failure as Error).message).not.toContain(wrong);
  }
});

test("loadKeys() does not ignore a key file in the config folder that it cannot read", async () => {
  await mkdir(keyFileOf(join(folder.path, "config")), { recursive: true });
  await expect(load()).rejects.toMatchObject({ code: "FARM_KEY_UNUSABLE" });
});

test("saveKey() writes a file that only its owner may read", async () => {
  const file = await saveKey(makeFarmKey(), join(folder.path, "config"));
  expect(await modeForOthers(file)).toBe(0);
});

test("saveKey() says what to do if the config folder cannot be made", async () => {
  await writeFile(join(folder.path, "file"), "");
  await expect(saveKey(makeFarmKey(), join(folder.path, "file", "config"))).rejects.toMatchObject({
    ...{ code: "FARM_KEY_UNUSABLE", hint: expect.stringMatching(/RENDERFARM_CONFIG_DIR.*RENDERFARM_KEY/) },
  });
});

test("loadKeys() treats an unusable config folder as one without a key", async () => {
  await writeFile(join(folder.path, "config"), "");
  expect(await load()).toEqual([]);
});

test("saving the key of a farm that was joined never replaces another key", async () => {
  const config = join(folder.path, "config");
  const [first, second] = [makeFarmKey(), makeFarmKey()];
  await saveNewKey(first, config);
  await expect(saveNewKey(second, config)).rejects.toMatchObject({ code: "FARM_KEY_UNUSABLE" });
  expect((await load()).map(({ id }) => id)).toEqual([first.id]);
});
