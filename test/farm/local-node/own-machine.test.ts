import { chmod, readFile, writeFile } from "node:fs/promises";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { FarmError } from "../../../src/core/errors.ts";
import type { FarmEvent } from "../../../src/farm/events.ts";
import { OwnMachine, type OwnMachineOptions } from "../../../src/farm/local-node/own-machine.ts";
import type { Candidate, CompanionHost } from "../../../src/farm/nodes/node-source.ts";
import { makeTemporaryFolder, type TemporaryFolder } from "../../support/temporary-folder.ts";
import { waitFor } from "../../support/wait-for.ts";

let folder: TemporaryFolder;
beforeEach(async () => {
  folder = await makeTemporaryFolder();
});
afterEach(() => folder[Symbol.asyncDispose]());

/** A Blender that says its version, and a node that says that it is ready. */
async function makeBlender(): Promise<string> {
  const path = join(folder.path, "blender");
  const lines = [
    '[ "$1" = --version ] && { echo Blender 3.4.1; exit; }',
    `echo "$@" >>'${join(folder.path, "arguments")}'`,
    'while [ "$1" != --ready-file ]; do shift; done',
    `echo '{"node":"${"a".repeat(32)}","name":"this machine","port":7447}' >"$2.part" && mv "$2.part" "$2"`,
    "exec cat >/dev/null",
  ];
  await writeFile(path, ["#!/bin/sh", ...lines, ""].join("\n"));
  await chmod(path, 0o755);
  return path;
}

/** What a fleet is told. */
function listeningHost(given: Partial<CompanionHost> = {}) {
  const added: Candidate[] = [];
  const told: FarmEvent[] = [];
  const excluded: string[] = [];
  const host: CompanionHost = {
    ...{ hosts: ["192.0.2.7"], size: 1, isKnown: () => false, exclusionOf: () => undefined },
    add: (candidate) => void added.push(candidate),
    exclude: (_node, { message }: FarmError) => void excluded.push(message),
    tell: (event) => void told.push(event),
    fail: (error) => {
      throw error;
    },
    ...given,
  };
  return { host, added, told, excluded };
}

async function ownMachine(options: Partial<OwnMachineOptions> = {}): Promise<OwnMachine> {
  const dial = () => Promise.reject(new Error("nobody dials"));
  const blender = await makeBlender();
  const given = { dial, blender, slots: 1, cacheFolder: folder.path, isOnBattery: async () => false };
  return new OwnMachine({ ...given, ...options });
}

const { signal } = new AbortController();
const own = Object.values(networkInterfaces()).flat()[0]?.address ?? "";

describe.skipIf(process.platform === "win32")("this machine, beside others", () => {
  test("joins with a node of its own", async () => {
    const machine = await ownMachine();
    const { host, added, told } = listeningHost();
    await machine.join(host, signal);
    await machine.close();
    expect(added).toMatchObject([{ isLocal: true, sighting: { name: "this machine", blenderVersion: "3.4.1" } }]);
    expect(told).toEqual([]);
  });

  test.each([true, false])(
    "scripts in the blendfile may run there if the user allows them: %s",
    async (allowScripts) => {
      const machine = await ownMachine({ allowScripts });
      await machine.join(listeningHost().host, signal);
      await machine.close();
      const given = await readFile(join(folder.path, "arguments"), "utf8");
      expect(given.includes("--allow-scripts")).toBe(allowScripts);
    },
  );

  test("add-ons that the user names may be enabled there", async () => {
    const machine = await ownMachine({ addons: ["flat", "bl_ext.user_default.sky"] });
    await machine.join(listeningHost().host, signal);
    await machine.close();
    const given = await readFile(join(folder.path, "arguments"), "utf8");
    expect(given).toContain("--allow-addons flat,bl_ext.user_default.sky");
  });

  test.each<[string, Partial<CompanionHost>, Partial<OwnMachineOptions>, RegExp]>([
    ["has another Blender", { exclusionOf: (blender) => `it has ${blender}` }, {}, /^it has 3\.4\.1$/],
    ["runs on battery", {}, { isOnBattery: async () => true }, /battery/],
    ["was told of a Blender that does not start", {}, { blender: "/no/such/blender" }, /Cannot start Blender as/],
  ])("does not join if it %s, and says so", async (_, given, options, reason) => {
    const machine = await ownMachine(options);
    const { host, added, told } = listeningHost(given);
    await machine.join(host, signal);
    await machine.close();
    expect(added).toEqual([]);
    expect(told).toEqual([{ type: "here:idle", reason: expect.stringMatching(reason) }]);
  });

  test.each([["192.0.2.7", own], ["LOCALHOST"]])(
    "does not join twice, if it is a node already: %s",
    async (...hosts) => {
      const machine = await ownMachine();
      const { host, added, told } = listeningHost({ hosts });
      await machine.join(host, signal);
      await machine.close();
      expect({ added, told }).toEqual({ added: [], told: [] });
    },
  );

  test("leaves when it is unplugged", async () => {
    let isUnplugged = false;
    const machine = await ownMachine({ isOnBattery: async () => isUnplugged, lookAtBatteryEveryMs: 5 });
    const { host, excluded } = listeningHost();
    await machine.join(host, signal);
    expect(excluded).toEqual([]);
    isUnplugged = true;
    await waitFor(() => excluded.length > 0, "the machine to leave");
    await machine.close();
    expect(excluded).toEqual(["This machine left: it runs on battery"]);
  });
});
