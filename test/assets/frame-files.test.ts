import { describe, expect, test } from "vitest";
import { FrameFiles, type FrameNumbers, numbersAt } from "../../src/assets/frame-files.ts";

const use = (given: Partial<FrameNumbers> = {}): FrameNumbers => ({
  ...{ start: 1, length: 100, offset: 0, repeat: "hold", margin: 0, opening: [] },
  ...given,
});

const pad = (number: number, digits: number) => String(number).padStart(digits, "0");
const sequence = (count: number) => Array.from({ length: count }, (_, index) => `tex/s_${pad(index + 1, 4)}.png`);

describe("the numbers of the pictures that a frame may show", () => {
  // What Blender 3.4 opened, seen with strace: test/blenders compares pictures.
  const rows: [Partial<FrameNumbers>, Record<number, readonly number[]>][] = [
    [{ length: 10 }, { 1: [1], 3: [3], 10: [10], 12: [10], 0: [0, 1], [-5]: [0, 1] }],
    [
      { start: 5, length: 4, offset: 3, repeat: "cycle" },
      { 1: [4], 3: [6], 5: [4], 9: [4], 12: [7], 14: [5] },
    ],
    [
      { start: 8, length: 5, offset: 10 },
      { 1: [10, 11], 8: [11], 9: [12], 12: [15], 14: [15] },
    ],
    [
      { start: -3, length: 6, offset: -1 },
      { 1: [4], 3: [5], 14: [5], [-4]: [-1, 0] },
    ],
    [
      { length: 4, repeat: "ping-pong" },
      { 1: [1], 4: [4], 5: [3], 6: [2], 7: [1], 8: [2], 0: [2], [-1]: [3] },
    ],
    [
      { length: 1, repeat: "ping-pong" },
      { 1: [1], 2: [1], 9: [1] },
    ],
    [
      { length: 0, offset: 7 },
      { 1: [7], 5: [7] },
    ],
    [
      { length: null, offset: -2 },
      { 1: [-1], 50: [48] },
    ],
  ];
  test.each(rows)("%j", (given, shown) => {
    for (const [frame, numbers] of Object.entries(shown)) expect(numbersAt(use(given), Number(frame))).toEqual(numbers);
  });
});

describe("a frame of a sequence", () => {
  test("needs its own file, and those of the frames around it", () => {
    const files = new FrameFiles();
    files.add(sequence(9), "sequence", [use({ margin: 1 })]);
    expect([...files.later]).toEqual(sequence(9));
    expect(files.neededBy(4)).toEqual(["tex/s_0003.png", "tex/s_0004.png", "tex/s_0005.png"]);
    expect(files.neededBy(1)).toEqual(["tex/s_0001.png", "tex/s_0002.png"]);
    expect(files.neededBy(50)).toEqual([]); // the sequence is longer than its files
  });

  test("needs what any of its uses shows, whatever the path that names it", () => {
    const files = new FrameFiles();
    files.add(sequence(9), "sequence", [use(), use({ offset: 4 })]);
    files.add(sequence(9), "sequence", [use({ offset: 2 })]);
    expect(files.neededBy(2)).toEqual(["tex/s_0002.png", "tex/s_0004.png", "tex/s_0006.png"]);
  });

  test("may need any file if one use is not known, or a picture is used by itself", () => {
    const unknown = new FrameFiles();
    unknown.add(sequence(3), "sequence", [use()]);
    unknown.add(sequence(3), "sequence", null);
    expect([[...unknown.later], unknown.neededBy(1)]).toEqual([[], []]);
    const single = new FrameFiles();
    single.add(sequence(3), "sequence", [use()]);
    single.add(["tex/s_0002.png"], null, undefined);
    expect([...single.later]).toEqual(["tex/s_0001.png", "tex/s_0003.png"]);
    expect(single.neededBy(2)).toEqual([]);
  });

  test("needs nothing before it if the file is opened at its frame: that file is there from the start", () => {
    const files = new FrameFiles();
    files.add(sequence(5), "sequence", [use({ opening: [2, 4] })]);
    expect([...files.later]).toEqual(["tex/s_0001.png", "tex/s_0003.png", "tex/s_0005.png"]);
    expect(files.neededBy(2)).toEqual([]);
  });

  test("is not recognized by numbers that are not frames", () => {
    const files = new FrameFiles();
    files.add(["tex/wood.1001.png", "tex/wood.1002.png"], "tiles", [use()]);
    files.add(["tex/stone_v012.png"], null, undefined);
    files.add(["tex/plain.png"], "sequence", [use()]);
    expect([...files.later]).toEqual([]);
  });

  test("counts with the last number of the name, in each folder by itself", () => {
    const files = new FrameFiles();
    files.add(["a/shot2_0001.v3.png", "a/shot2_0001.v4.png"], "sequence", [use()]);
    files.add(["b/shot2_0001.v3.png"], "sequence", [use({ offset: 1 })]);
    expect(files.neededBy(3)).toEqual(["a/shot2_0001.v3.png"]);
    expect(files.neededBy(2)).toEqual(["b/shot2_0001.v3.png"]);
  });
});

describe("a picture that is used by itself", () => {
  test("is needed while it is shown", () => {
    const files = new FrameFiles();
    files.add(["a.png"], null, [use({ start: 3, length: 2, margin: 1 }), use({ start: 20, length: null })]);
    files.add(["b.png"], null, [use({ start: 5, length: 0, margin: 9 })]);
    files.add(["c.png"], null, [use({ start: 5, length: 4, opening: [8] })]);
    expect([...files.later]).toEqual(["a.png", "b.png"]);
    const shown = [1, 2, 3, 4, 5, 6, 19, 20, 1000].filter((frame) => files.neededBy(frame).length > 0);
    expect(shown).toEqual([2, 3, 4, 5, 20, 1000]);
  });

  test("is needed always if something else shows it too", () => {
    const files = new FrameFiles();
    files.add(["a.png"], null, [use({ start: 3, length: 2 })]);
    files.add(["a.png"], null, null);
    expect([...files.later]).toEqual([]);
  });
});

describe("a frame of a cache", () => {
  const points = (frame: number, index = 0) => `sim/436C6F7468_${pad(frame, 6)}_0${index}.bphys`;

  test("needs its own file of each series, and the first ones are there from the start", () => {
    const files = new FrameFiles();
    const fluid = (frame: number) => [
      `fluid/data/fluid_data_${pad(frame, 4)}.vdb`,
      `fluid/mesh/m_${pad(frame, 4)}.bobj.gz`,
    ];
    files.add([...[0, 1, 2, 3].flatMap((frame) => [points(frame), points(frame, 1)])], "folder", [
      use({ length: null }),
    ]);
    files.add([1, 2, 3].flatMap(fluid), "folder", [use({ length: null })]);
    expect([...files.later]).not.toEqual(expect.arrayContaining([points(0)]));
    expect(files.neededBy(2)).toEqual([...fluid(2), points(2), points(2, 1)]);
  });

  test("needs the files before and after it if it has none: Blender interpolates", () => {
    const files = new FrameFiles();
    files.add(
      [1, 11, 21, 31].map((frame) => points(frame)),
      "folder",
      [use({ length: null })],
    );
    expect(files.neededBy(15)).toEqual([points(11), points(21)]);
    expect(files.neededBy(11)).toEqual([points(11)]);
    expect(files.neededBy(40)).toEqual([points(31)]);
  });

  test("needs every file without a number from the start", () => {
    const files = new FrameFiles();
    files.add(["sim/guide.json", "sim/00001_000.blob", points(1), points(2)], "folder", [use({ length: null })]);
    expect([...files.later]).toEqual([points(2)]);
  });

  test("needs what comes next of several caches in one folder", () => {
    const files = new FrameFiles();
    files.add([points(1), points(5), points(9)], "folder", [use({ length: null, margin: 1 })]);
    expect(files.neededBy(5)).toEqual([points(5), points(9)]);
  });
});
