import { describe, expect, test } from "vitest";
import type { JobSettings } from "../../../src/config/job-settings.ts";
import { resolveScene } from "../../../src/farm/output/scene-facts.ts";
import { FakeNode, type FakeNodeOptions } from "../../support/nodes/fake-node.ts";

const settings = { frames: undefined, scene: undefined, missing: "fail" } as unknown as JobSettings;
const info = (options: FakeNodeOptions = {}) => new FakeNode(options).sceneInfo;
const withRange = (frameStart: number, frameEnd: number, frameStep = 1) =>
  info({ scene: { frameStart, frameEnd, frameStep } });

describe("resolveScene() decides the frames:", () => {
  test("the scene's own range and step", () => {
    expect(resolveScene(withRange(-2, 5, 3), settings).frames).toEqual([-2, 1, 4]);
    expect(resolveScene(withRange(7, 7), settings).frames).toEqual([7]);
  });

  test("the requested frames, whatever the scene's range", () => {
    expect(resolveScene(withRange(1, 2), { ...settings, frames: "10,8-9" }).frames).toEqual([8, 9, 10]);
    expect(resolveScene(withRange(5, 1), { ...settings, frames: "1" }).frames).toEqual([1]);
  });

  test("but refuses an empty range", () => {
    expect(() => resolveScene(withRange(5, 1), settings)).toThrow("it goes from 5 to 1");
  });
});

describe("resolveScene() refuses", () => {
  test("a scene that does not exist, and lists the existing ones", () => {
    const other = { ...info(), scene: "Shot 2" };
    const refused = () => resolveScene(other, { ...settings, scene: "Shot 2" });
    expect(refused).toThrow(expect.objectContaining({ code: "FARM_BAD_INPUT", hint: "It has: Scene" }));
  });

  test("a scene without a camera, unless its sequencer makes the picture", () => {
    expect(() => resolveScene(info({ scene: { camera: null } }), settings)).toThrow("no active camera");
    expect(resolveScene(info({ scene: { camera: null, sequencer: true } }), settings).frames.length).toBe(4);
  });

  test("missing files, and lists at most 20 of them", () => {
    const references = Array.from({ length: 25 }, (_, index) => ({
      kind: "image",
      path: `//${index}.png`,
      missing: true,
    }));
    const refused = () => resolveScene(info({ sceneInfo: { references } }), settings);
    expect(refused).toThrow(expect.objectContaining({ code: "FARM_FILES_MISSING" }));
    expect(refused).toThrow(/25 files[\s\S]*\/\/0\.png[\s\S]*\/\/19\.png\n {2}… and 5 more$/);
  });
});

test("resolveScene() accepts missing files with --missing warn, and names them", () => {
  const references = [
    { kind: "image", path: "//gone.png", missing: true },
    { kind: "image", path: "//here.png", missing: false },
  ];
  const facts = resolveScene(info({ sceneInfo: { references } }), { ...settings, missing: "warn" });
  expect(facts.missing).toEqual(["//gone.png"]);
});
