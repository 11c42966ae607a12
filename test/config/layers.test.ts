import { resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { type Farmspec, parseFarmspec } from "../../src/config/farmspec.ts";
import { flagsOfEnvironment, parseRenderFlags } from "../../src/config/flags.ts";
import type { RenderFlags } from "../../src/config/options.ts";
import { layerFlags, resolveSettings } from "../../src/config/resolve-settings.ts";

const id = "0123456789abcdef".repeat(2);
const needed = { blend: "a.blend", output: "b.mp4" };

/** A job's settings, given the values in each layer. */
function settingsFrom(layers: {
  readonly typed?: Record<string, unknown>;
  readonly environment?: NodeJS.ProcessEnv;
  readonly farmspec?: Record<string, unknown>;
}) {
  const { typed = {}, environment = {}, farmspec } = layers;
  const written: Farmspec | undefined = farmspec && parseFarmspec(JSON.stringify(farmspec), "farmspec.json");
  const flags = layerFlags(parseRenderFlags({ ...needed, ...typed }), flagsOfEnvironment(environment), written);
  return resolveSettings(flags, {
    ...{ workingFolder: resolve("/film"), folders: { config: "/c", cache: "/d" }, keys: [], farmspec: written },
  });
}

describe("defaults < farmspec < environment < flags:", () => {
  test.each<[flag: string, setting: string, values: readonly [unknown, unknown, unknown, unknown]]>([
    ["slots", "slots", [1, 2, 3, 4]],
    ["nodes", "nodes", [[], ["spec"], ["environment"], ["flag"]]],
  ])("%s, which all four layers can set", (flag, setting, [none, spec, environment, typed]) => {
    const hosts = (value: unknown) =>
      Array.isArray(value) ? value.map((node: { address?: { host: string } }) => node.address?.host ?? node) : value;
    const farmspec = flag === "nodes" ? { nodes: [{ host: "spec" }] } : { defaults: { [flag]: spec } };
    const variables = { [`RENDERFARM_${flag.toUpperCase()}`]: [environment].flat().join(",") };
    const flags = { [flag]: [typed].flat().join(",") };
    const settingFrom = (layers: Parameters<typeof settingsFrom>[0]) =>
      hosts((settingsFrom(layers) as unknown as Record<string, unknown>)[setting]);
    expect(settingFrom({})).toEqual(none);
    expect(settingFrom({ farmspec })).toEqual(spec);
    expect(settingFrom({ farmspec, environment: variables })).toEqual(environment);
    expect(settingFrom({ environment: variables })).toEqual(environment);
    expect(settingFrom({ farmspec, environment: variables, typed: flags })).toEqual(typed);
  });

  test("jobDir, which a farmspec cannot set: it is a path on one machine", () => {
    const environment = { RENDERFARM_JOB_DIR: "scratch" };
    expect(settingsFrom({}).jobDir).toBeUndefined();
    expect(settingsFrom({ environment }).jobDir).toBe(resolve("/film/scratch"));
    expect(settingsFrom({ environment, typed: { jobDir: "/other" } }).jobDir).toBe(resolve("/other"));
    expect(() => settingsFrom({ farmspec: { defaults: { jobDir: "/home/ada" } } })).toThrow("defaults.jobDir");
  });

  test("only the user can allow an open node, never a farmspec", () => {
    const farmspec = { nodes: [{ host: "spec" }, { host: "other", id, tls: true }] };
    const mayBeOpen = (layers: Parameters<typeof settingsFrom>[0]) =>
      settingsFrom(layers).nodes.map((node) => node.mayBeOpen);
    expect(mayBeOpen({ typed: { nodes: "a,wss://b" } })).toEqual([true, true]);
    expect(mayBeOpen({ environment: { RENDERFARM_NODES: "a" }, farmspec })).toEqual([true]);
    expect(mayBeOpen({ farmspec })).toEqual([undefined, undefined]);
  });

  test.each<[flag: string, none: unknown, spec: unknown, typed: unknown]>([
    ["frames", undefined, "1-10", "5"],
    ["scene", undefined, "Shot", "Other"],
    ["fps", undefined, "25", "30000/1001"],
    ["order", "sequential", "spread", "reverse"],
    ["blenderVersion", undefined, "4.3", "3.4.1"],
    ["mixVersions", false, true, true],
    ["missing", "fail", "warn", "fail"],
    ["keepFrames", false, true, true],
    ["crf", undefined, 20, 30],
    ["codec", undefined, "hevc", "h264"],
  ])("%s, which the environment cannot set", (flag, none, spec, typed) => {
    const farmspec = { defaults: { [flag]: spec } };
    expect(settingsFrom({})).toMatchObject({ [flag]: none });
    expect(settingsFrom({ farmspec })).toMatchObject({ [flag]: spec });
    expect(settingsFrom({ farmspec, typed: { [flag]: typed } })).toMatchObject({ [flag]: typed });
  });
});

test("notifications are switched off by a flag, a variable or a farmspec, and on again by the layers above", () => {
  const notify = (flags: Record<string, unknown>, variable?: string, spec?: boolean) => {
    const environment = flagsOfEnvironment({ RENDERFARM_NOTIFY: variable });
    const farmspec = parseFarmspec(JSON.stringify({ defaults: { ...(spec !== undefined && { notify: spec }) } }), "f");
    return layerFlags(parseRenderFlags(flags), environment, farmspec).notify;
  };
  expect(notify({})).toBeUndefined();
  expect(notify({ notify: undefined }, undefined, false)).toBe(false);
  expect(notify({}, "yes", false)).toBe(true);
  expect(notify({}, "0", true)).toBe(false);
  expect(notify({ notify: false }, "1", true)).toBe(false);
  expect(() => notify({}, "perhaps")).toThrow("--no-notify");
});

test("an empty variable counts as unset, and a wrong one is named by its flag", () => {
  expect(flagsOfEnvironment({ RENDERFARM_SLOTS: "", RENDERFARM_NODES: undefined })).toEqual({});
  expect(flagsOfEnvironment({ RENDERFARM_FARMSPEC: "f.json", RENDERFARM_LOG_LEVEL: "info" })).toEqual({
    ...{ farmspec: "f.json", logLevel: "info" },
  });
  expect(() => flagsOfEnvironment({ RENDERFARM_SLOTS: "many" })).toThrow("--slots");
});

describe("which nodes take part:", () => {
  const nodes = [{ id, name: "attic", host: "a", port: 1 }, { host: "b" }];
  const attic = { id, name: "attic", address: { host: "a", port: 1 } };

  test.each<[what: string, layers: Parameters<typeof settingsFrom>[0], nodes: unknown[], discover: boolean]>([
    ["nothing is set: all nodes that are found", {}, [], true],
    ["a farmspec without nodes: all nodes that are found", { farmspec: {} }, [], true],
    [
      "a farmspec with nodes: only those",
      { farmspec: { nodes } },
      [attic, { address: { host: "b", port: 7447 } }],
      false,
    ],
    [
      "a farmspec with nodes and discovery: those and all that are found",
      { farmspec: { nodes: nodes.slice(0, 1), discover: true } },
      [attic],
      true,
    ],
    [
      "--nodes: only those, whatever the farmspec says",
      { farmspec: { nodes, discover: true }, typed: { nodes: "c" } },
      [{ address: { host: "c", port: 7447 } }],
      false,
    ],
  ])("%s", (_, layers, expected, discover) => {
    expect(settingsFrom(layers)).toMatchObject({ nodes: expected, discover, notHere: !discover });
  });

  test("--local ignores a farmspec's nodes, and cannot be combined with --nodes", () => {
    expect(settingsFrom({ farmspec: { nodes }, typed: { local: true } })).toMatchObject({ local: true });
    expect(() => settingsFrom({ typed: { local: true, nodes: "a" } })).toThrow("--local together with --nodes");
  });
});

test("a flag with a bad value is named as it is typed", () => {
  const names: [keyof RenderFlags, string, unknown][] = [
    ["keepFrames", "--keep-frames", "yes"],
    ["logLevel", "--log-level", "loud"],
    ["wait", "--wait", "soon"],
    ["poster", "--poster", ""],
    ["codec", "--codec", "mpeg1"],
  ];
  for (const [name, flag, value] of names) expect(() => parseRenderFlags({ [name]: value })).toThrow(`${flag}: `);
});

test("--wait takes a duration such as 1h30m", () => {
  expect(settingsFrom({ typed: { wait: "1h30m" } })).toMatchObject({ waitMs: 5_400_000 });
  expect(settingsFrom({})).toMatchObject({ waitMs: undefined });
});
