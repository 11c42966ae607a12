import { chmod, mkdir, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { expect, test } from "vitest";
import { isOnBattery } from "../../src/system/battery.ts";
import { makeTemporaryFolder } from "../support/temporary-folder.ts";

const { signal } = new AbortController();
const mains = (online: string) => ({ type: "Mains", online });
const battery = (status: string) => ({ type: "Battery", status });

test.each([
  ["a laptop on its battery", { AC: mains("0"), BAT0: battery("Discharging") }, true],
  ["a laptop that is plugged in", { AC: mains("1"), BAT0: battery("Charging") }, false],
  ["a plugged-in laptop whose second battery is used", { AC: mains("1"), BAT1: battery("Discharging") }, false],
  ["a full battery", { AC: mains("0"), BAT0: battery("Full") }, false],
  ["a workstation with a wireless mouse", { hid: { ...battery("Discharging"), scope: "Device" } }, false],
  ["a machine without any", {}, false],
] as const)("Linux: %s", async (_, supplies, expected) => {
  await using folder = await makeTemporaryFolder();
  for (const [name, files] of Object.entries(supplies)) {
    await mkdir(join(folder.path, name));
    for (const [file, text] of Object.entries(files)) await writeFile(join(folder.path, name, file), `${text}\n`);
  }
  expect(await isOnBattery({ signal, platform: "linux", suppliesFolder: folder.path })).toBe(expected);
});

test("Linux: a machine that tells nothing of its power", async () => {
  expect(await isOnBattery({ signal, platform: "linux", suppliesFolder: "/no/such/folder" })).toBe(false);
});

test.skipIf(process.platform === "win32").each([
  ["darwin", "pmset", "Now drawing from 'Battery Power'", true],
  ["darwin", "pmset", "Now drawing from 'AC Power'", false],
  ["win32", "powershell", "1", true],
  ["win32", "powershell", "2", false],
  ["win32", "powershell", "", false],
] as const)("%s: %s answers '%s'", async (platform, program, answer, expected) => {
  await using folder = await makeTemporaryFolder();
  const path = join(folder.path, program);
  await writeFile(path, `#!/bin/sh\ncat <<'END'\n${answer}\nEND\n`);
  await chmod(path, 0o755);
  const { PATH } = process.env;
  process.env.PATH = `${folder.path}${delimiter}${PATH}`;
  try {
    expect(await isOnBattery({ signal, platform })).toBe(expected);
  } finally {
    process.env.PATH = PATH;
  }
});
