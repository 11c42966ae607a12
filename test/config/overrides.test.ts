import { resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { commandOf } from "../../src/cli/continue-command.ts";
import { parseFarmspec } from "../../src/config/farmspec.ts";
import { parseRenderFlags } from "../../src/config/flags.ts";
import { chosenOverrides, overrideOptions } from "../../src/config/options/override-options.ts";
import { overrideTexts } from "../../src/config/overrides.ts";
import { layerFlags, resolveSettings } from "../../src/config/resolve-settings.ts";
import { overridesOf } from "../../src/farm/output/recorded-scene.ts";
import { parseOverrides } from "../../src/session/protocol.ts";

const context = {
  ...{ workingFolder: resolve("/films"), folders: { config: "/c", cache: "/d" }, keys: [], farmspec: undefined },
};
const needed = { blend: "a.blend", output: "b.mp4" };

const settingsOf = (flags: Record<string, unknown>) =>
  resolveSettings(parseRenderFlags({ ...needed, ...flags }), context);

/** Each option, as it is typed, as the protocol has it, and as people read it. */
const table: readonly (readonly [name: string, typed: unknown, value: unknown, text: string])[] = [
  ["samples", "16", 16, "samples 16"],
  ["resolution", "50%", { percent: 50 }, "resolution 50%"],
  ["engine", "eevee", "BLENDER_EEVEE", "engine BLENDER_EEVEE"],
  ["camera", "Left eye", "Left eye", "camera Left eye"],
  ["viewLayer", "Sky", "Sky", "view layer Sky"],
  ["seed", "0", 0, "seed 0"],
  ["transparent", true, true, "transparent"],
  ["denoise", "off", false, "denoise off"],
  ["denoise", "on", true, "denoise on"],
  ["simplify", "0", 0, "simplify 0"],
  ["threads", "4", 4, "threads 4"],
  ["timeLimit", "1m30s", 90, "time limit 1:30"],
];

describe("an override", () => {
  test.each(table)("%s, %j, has a value that the protocol knows, and a text", (name, typed, value, text) => {
    const overrides = overridesOf(settingsOf({ [name]: typed }));
    expect(overrides).toEqual({ [name]: value });
    expect(parseOverrides(overrides)).toEqual(overrides);
    expect(overrideTexts(overrides ?? {})).toEqual([text]);
  });

  test.each(table)("%s can stand in a farmspec, and a flag replaces it", (name, typed, value) => {
    const farmspec = parseFarmspec(JSON.stringify({ defaults: { [name]: typed } }), "farmspec.json");
    const resolved = (flags: object) =>
      resolveSettings(layerFlags({ ...needed, ...flags }, {}, farmspec), { ...context, farmspec });
    expect(chosenOverrides(resolved({}))).toEqual({ [name]: value });
    expect(chosenOverrides(resolved({ samples: 3, camera: "Other" }))).toEqual({
      ...{ [name]: value },
      ...{ samples: 3, camera: "Other" },
    });
  });

  test.each(table)("%s is in the command that continues the job", (name, typed) => {
    const command = commandOf(parseRenderFlags({ ...needed, [name]: typed }), "renderfarm", "linux");
    const flag = `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
    expect(command).toContain(typed === true ? flag : `${flag} ${typed === "Left eye" ? "'Left eye'" : typed}`);
  });

  test("is in this table", () => {
    expect(Object.keys(overrideOptions)).toEqual([...new Set(table.map(([name]) => name))]);
  });
});

test("without a flag, nothing is rendered otherwise than the file says", () => {
  expect(overridesOf(settingsOf({}))).toBeNull();
  expect(overridesOf(settingsOf({ transparent: false }))).toBeNull();
});

test("a preview limits what the overrides say", () => {
  expect(overridesOf(settingsOf({ preview: true, samples: 400, resolution: "1920x1080" }))).toEqual({
    ...{ samples: 400, resolution: { width: 1920, height: 1080 }, scale: 50, maxSamples: 16 },
  });
  expect(overrideTexts({ scale: 50, maxSamples: 16 })).toEqual(["50 % of the size", "at most 16 samples"]);
});

test.each([
  ["1%", { percent: 1 }],
  ["1000 %", { percent: 1000 }],
  ["4x65536", { width: 4, height: 65_536 }],
  [" 1920 × 1080 ", { width: 1920, height: 1080 }],
  ["1920X1080", { width: 1920, height: 1080 }],
])("--resolution %j is a size", (typed, resolution) => {
  expect(settingsOf({ resolution: typed }).resolution).toEqual(resolution);
});

test.each([
  ["cycles", "CYCLES"],
  ["Cycles", "CYCLES"],
  ["EEVEE", "BLENDER_EEVEE"],
  ["BLENDER_EEVEE_NEXT", "BLENDER_EEVEE"],
  ["BLENDER_EEVEE", "BLENDER_EEVEE"],
  ["workbench", "BLENDER_WORKBENCH"],
  ["LuxCore", "LuxCore"],
])("--engine %s is %s for Blender", (typed, engine) => {
  expect(settingsOf({ engine: typed }).engine).toBe(engine);
});

describe("refused is", () => {
  test.each([
    ...["0", "-1", "1.5", "16777217", "many"].map((value) => ["samples", value]),
    ...["0%", "1001%", "50", "3x4", "4x65537", "1920x", "1920x1080x3", "-50%", "12.5%", ""].map((value) => [
      "resolution",
      value,
    ]),
    ...["", "two words", "7", `E${"x".repeat(64)}`].map((value) => ["engine", value]),
    ...["", "x".repeat(257)].flatMap((value) => [
      ["camera", value],
      ["viewLayer", value],
    ]),
    ...["-1", "2147483648"].map((value) => ["seed", value]),
    ...["yes", "true", ""].map((value) => ["denoise", value]),
    ...["-1", "33"].map((value) => ["simplify", value]),
    ...["0", "1025"].map((value) => ["threads", value]),
    ...["0s", "30", "soon", "", "31d", "99999d"].map((value) => ["timeLimit", value]),
  ] as [string, string][])("%s %j", (name, value) => {
    const flag = `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}: `;
    expect(() => parseRenderFlags({ [name]: value })).toThrow(flag);
  });
});
