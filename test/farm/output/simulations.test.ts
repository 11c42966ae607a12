import { expect, test } from "vitest";
import { refuseSimulations } from "../../../src/farm/output/simulations.ts";

const cloth = { kind: "cloth", owner: "Object 'Flag'" };
const zone = { kind: "simulation zone", owner: "Object 'Dust', modifier 'Nodes'" };
const hair = { kind: "hair dynamics", owner: "Object 'Cat', particle system 'Fur'" };

test("refused simulations are all named, with object and modifier, and how to bake them", () => {
  expect(() => refuseSimulations([cloth, zone])).toThrow(
    expect.objectContaining({
      code: "FARM_BAD_INPUT",
      message: expect.stringMatching(
        /2 simulations not baked:\n {2}cloth \(Object 'Flag'\)\n {2}simulation zone .*'Nodes'/,
      ),
      hint: expect.stringContaining("Bake them in Blender"),
    }),
  );
});

test("nobody is told to bake hair dynamics, which no bake keeps", () => {
  const hint = expect.stringMatching(/^No bake keeps them: turn hair dynamics off/);
  expect(() => refuseSimulations([hair])).toThrow(expect.objectContaining({ hint }));
});

test("a scene without simulations is not refused", () => {
  expect(() => refuseSimulations([])).not.toThrow();
});
