import { describe, expect, test } from "vitest";
import type { JobSettings } from "../../../src/config/job-settings.ts";
import { nothingSent, resolveScene } from "../../../src/farm/output/scene-facts.ts";
import type { Reference } from "../../../src/session/protocol.ts";
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

const missing = (path: string, more: Partial<Reference> = {}): Reference => ({
  ...{ kind: "image", path, missing: true },
  ...more,
});
const refusing = (references: Reference[], sent?: Parameters<typeof resolveScene>[2]) => () =>
  resolveScene(info({ sceneInfo: { references } }), settings, sent);

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

  test("missing files, each by its data-block and with the reason", () => {
    const sent = { ...nothingSent, whyNot: () => "it does not exist" };
    const refused = refusing([missing("//wood.png", { owner: "Image 'wood'" }), missing("//gone.png")], sent);
    expect(refused).toThrow(expect.objectContaining({ code: "FARM_FILES_MISSING" }));
    expect(refused).toThrow(
      /2 files[^\n]*\n {2}Image 'wood': \/\/wood\.png \(it does not exist\)\n {2}\/\/gone\.png \(it does not exist\)$/,
    );
  });

  test("many missing files, by folder", () => {
    const references = Array.from({ length: 600 }, (_, index) => missing(`//tex/${index}.png`));
    const refused = refusing([missing("//lib/a.blend", { kind: "library" }), ...references]);
    expect(refused).toThrow(
      /601 files[^\n]*\n {2}600 files in \/\/tex\/, for example \/\/tex\/0\.png\n {2}\/\/lib\/a\.blend$/,
    );
    const folders = Array.from({ length: 25 }, (_, index) => missing(`//${index}/a.png`));
    expect(refusing(folders)).toThrow(/\n {2}… and 5 more$/);
  });

  test.each<[string, Reference, RegExp]>([
    ["a picture", missing("//a.png"), /Pack Resources/],
    ["a sequence, which Blender cannot pack", missing("//a1.png", { form: "sequence" }), /^(?!.*Pack Resources)/],
    [
      "a picture in the sequencer, which Blender cannot pack",
      missing("//a1.png", { kind: "strip" }),
      /^(?!.*Pack Resources)/,
    ],
    ["a movie, which Blender cannot pack", missing("//a.mp4", { kind: "movie" }), /^(?!.*Pack Resources)/],
    ["a simulation", missing("//cache", { kind: "simulation", form: "folder" }), /bake simulations/],
  ])("%s, with the advice that helps", (_, reference, hint) => {
    expect(refusing([reference])).toThrow(expect.objectContaining({ hint: expect.stringMatching(hint) }));
  });

  test("a simulation that was never baked, by its object", () => {
    const fluid = missing("", { kind: "simulation", form: "folder", owner: "Object 'Domain'" });
    expect(refusing([fluid])).toThrow(/\n {2}Object 'Domain' \(it is not baked\)$/);
  });
});

test("resolveScene() needs no file that decides no pixel", () => {
  expect(refusing([missing("//reference.png", { visible: false })])).not.toThrow();
});

test("resolveScene() accepts that what Blender computes is missing", () => {
  expect(refusing([missing("//cache_fluid", { kind: "simulation", form: "folder", computed: true })])).not.toThrow();
});

test("resolveScene() accepts missing files with --missing warn, and names them", () => {
  const references = [
    { kind: "image", path: "//gone.png", missing: true },
    { kind: "image", path: "//here.png", missing: false },
  ];
  const facts = resolveScene(info({ sceneInfo: { references } }), { ...settings, missing: "warn" });
  expect(facts.missing).toEqual(["//gone.png"]);
});

test("sequences that the first node has itself are known by the files that it reports, whatever their order", () => {
  const numbers = [{ start: 1, length: 9, offset: 0, repeat: "hold", margin: 1, opening: [] }] as const;
  const sequence = (name: string, sha256: string | null): Reference => ({
    ...{ kind: "image", path: `/nas/${name}_0001.png`, missing: false, form: "sequence", sha256 },
    numbers: numbers.map((each) => ({ ...each, opening: [] })),
  });
  const of = (...references: Reference[]) => resolveScene(info({ sceneInfo: { references } }), settings).inPlace;
  const [one, other] = [sequence("a", "1".repeat(64)), sequence("b", "2".repeat(64))];
  expect(of(one, other)).toBe(of(other, one));
  expect(of(one, other)).not.toBe(of(one, sequence("b", "3".repeat(64))));
  expect(of(sequence("c", null), { ...one, numbers: null })).toBe(null);
});
