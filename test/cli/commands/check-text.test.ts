import { expect, test } from "vitest";
import { checkText } from "../../../src/cli/commands/check-text.ts";
import { widthOf } from "../../../src/cli/display-width.ts";
import { type CheckedFile, FarmError, type SceneCheck } from "../../../src/index.ts";

const fileOf = (given: Partial<CheckedFile>): CheckedFile => ({
  ...{ kind: "image", owner: "Image 'wood'", path: "//tex/wood.png", state: "sent", foundAt: "/films/tex/wood.png" },
  ...{ files: 1, sizeBytes: 1_200_000, why: null },
  ...given,
});

const absent = { foundAt: null, files: 0, sizeBytes: 0 } as const;

const checkOf = (given: Partial<SceneCheck> = {}): SceneCheck => ({
  ...{ blend: "/films/shot.blend", savedBy: "3.4", blender: "3.4.1" },
  nodes: [{ name: "box", address: "10.0.0.7:7447", blender: "3.4.1" }],
  scene: {
    ...{ name: "Scene", frames: "1-250", count: 250, fps: 24000 / 1001, width: 1920, height: 1080, engine: "CYCLES" },
    ...{
      camera: "Camera",
      colorMode: "RGBA",
      depth: 16,
      pictures: { format: "png", depth: 16, suffixes: [""], numbered: true, nodes: 0 },
      reuse: null,
    },
  },
  files: [fileOf({})],
  toSend: { files: 1, sizeBytes: 1_200_000 },
  ...{ order: null, warnings: [], error: null },
  ...given,
});

test("each file has a row, with what becomes of it", () => {
  const files = [
    fileOf({ path: "//tex/gone.png", state: "missing", ...absent, why: "it does not exist" }),
    fileOf({}),
    fileOf({
      path: "//plate/p_0001.exr",
      state: "by-frame",
      foundAt: "/films/plate/p_0001.exr",
      files: 500,
      sizeBytes: 5e9,
    }),
    fileOf({ kind: "library", path: "C:\\lib\\props.blend", foundAt: "/srv/lib/props.blend", sizeBytes: 3e6 }),
    fileOf({ kind: "font", path: "/usr/share/a.ttf", state: "there", ...absent }),
    fileOf({ path: "//ref.png", state: "unneeded", ...absent }),
    fileOf({ kind: "simulation", path: "//smoke", state: "computed", ...absent }),
    fileOf({ kind: "simulation", path: "", state: "missing", ...absent, why: "it is not baked" }),
  ];
  const warnings = [{ code: "FILE_FOUND", message: "C:\\lib is not on this machine", name: "box" }];
  const toSend = { files: 502, sizeBytes: 5_004_200_000 };
  const error = new FarmError("FARM_FILES_MISSING", "gone", "look");
  expect(checkText(checkOf({ files, toSend, warnings, error }), "/films")).toMatchInlineSnapshot(`
    "/films/shot.blend, saved by Blender 3.4
    Node box at 10.0.0.7:7447: Blender 3.4.1
    Renders with Blender 3.4.1
    Scene Scene: 250 frames (1-250) at 23.976 fps, 1920×1080, CYCLES, camera Camera, RGBA with 16 bits

    kind        path in the blendfile  files    size  found                 sent
    image       //tex/gone.png                                              MISSING: it does not exist
    image       //tex/wood.png             1  1.2 MB  tex/wood.png          yes
    image       //plate/p_0001.exr       500  5.0 GB  plate/p_0001.exr      before its frames
    library     C:\\lib\\props.blend         1  3.0 MB  /srv/lib/props.blend  yes
    font        /usr/share/a.ttf                                            no: it is on the node
    image       //ref.png                                                   no: not needed
    simulation  //smoke                                                     no: Blender computes it
    simulation  (not baked)                                                 MISSING: it is not baked
    502 files to send, 5.0 GB; 2 paths missing

    Warning: C:\\lib is not on this machine (box)
    "
  `);
});

test("a scene's pictures are told, unless they are PNGs and nothing else", () => {
  const { scene } = checkOf({});
  if (scene === null) throw new Error("There is no scene");
  const linesWith = (pictures: Partial<typeof scene.pictures>) =>
    checkText(checkOf({ scene: { ...scene, pictures: { ...scene.pictures, ...pictures } } }), "/films");
  expect(linesWith({})).not.toContain("Its pictures");
  expect(linesWith({ format: "exr", depth: 32 })).toMatch(/, RGBA\nIts pictures: OpenEXR with 32 bits\n/);
  expect(linesWith({ nodes: 1 })).toContain("Its pictures: PNG with 16 bits; and those of 1 File Output node\n");
  expect(linesWith({ format: "exr", depth: 32, suffixes: ["_L", "_R"] })).toContain(
    "Its pictures: OpenEXR with 32 bits, one for each view (_L, _R)\n",
  );
});

test("a scene without other files, or without a scene, has no table", () => {
  const none = { files: [], toSend: { files: 0, sizeBytes: 0 } };
  expect(checkText(checkOf(none), "/films")).toMatch(
    /RGBA with 16 bits\nIt uses no files outside the blendfile\n\nA render/,
  );
  const error = new FarmError("FARM_NO_NODE", "none", "look");
  expect(checkText(checkOf({ ...none, scene: null, nodes: [], blender: null, error }), "/films")).toBe(
    "/films/shot.blend, saved by Blender 3.4\n",
  );
});

test("very many paths are shown by folder", () => {
  const files = Array.from({ length: 300 }, (_, index) =>
    fileOf({ path: `//tex/${index % 2 === 0 ? "a" : "b"}/t${index}.png`, sizeBytes: 1_000 }),
  );
  const text = checkText(checkOf({ files: [...files, fileOf({ path: "//one.png" })] }), "/films");
  expect(text).toContain("//tex/a/ (150 paths)");
  expect(text).toMatch(/\/\/tex\/b\/ \(150 paths\) +150 +150 kB/);
  expect(text.split("\n").length).toBeLessThan(15);
});

test("the table fits into a terminal of 80 columns, and shows no control characters", () => {
  const long = "x".repeat(100);
  const files = [
    fileOf({ path: `//${long}/a.png`, foundAt: `/films/${long}/a.png` }),
    fileOf({ path: "//b\u001b[2J\r\n.png", state: "missing", ...absent, why: long }),
  ];
  const text = checkText(checkOf({ files }), "/films", 80);
  expect(["\u001b", "\r"].filter((sign) => text.includes(sign))).toEqual([]);
  const table = text.split("\n").filter((line) => line.startsWith("image") || line.startsWith("kind"));
  expect(table.length).toBe(3);
  for (const line of table) expect(widthOf(line)).toBeLessThanOrEqual(80);
});

test("the way in which Blenders are used is explained, and what an experiment shows about the order of frames", () => {
  const { scene } = checkOf();
  const reuse = { way: "reopened", why: "nobody has screened the handler tire in frame_change_pre" };
  const order = { frames: [1, 125, 250], differing: [{ frame: 125, what: ["Object 'Cloth'", "Material 'Sea'"] }] };
  const text = checkText(checkOf({ scene: scene === null ? null : { ...scene, reuse }, order }), "/films");
  expect(text).toContain(
    "The blendfile is opened again before each frame, because nobody has screened the handler tire in frame_change_pre\n",
  );
  expect(text).toContain(
    "Played to the frames 1, 125, 250, the scene is not what it is when a new Blender jumps there:\n",
  );
  expect(text).toContain("\n  Frame 125: Object 'Cloth', Material 'Sea'\n");
  expect(checkText(checkOf({ order: { frames: [1, 2], differing: [] } }), "/films")).toContain(
    "Played and jumped to, the scene is the same at the frames 1, 2\n",
  );
});
