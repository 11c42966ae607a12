import { describe, expect, test } from "vitest";
import { expand, type Form, locate } from "../../src/assets/locate.ts";

/** Lists the folders of a tree in memory. */
function listOf(files: readonly string[]) {
  return async (folder: string): Promise<readonly string[]> => {
    const below = files.filter((file) => file.startsWith(`${folder}/`)).map((file) => file.slice(folder.length + 1));
    return [...new Set(below.map((file) => file.split("/")[0] ?? ""))];
  };
}

describe("locate()", () => {
  const composed = "caf\u00e9.png";
  const decomposed = "cafe\u0301.png";
  test.each([
    ["tex/wood.png", ["tex/wood.png"], "tex/wood.png"],
    ["Tex/WOOD.png", ["tex/wood.png"], "tex/wood.png"],
    ["tex/wood.png", ["tex/Wood.png", "tex/WOOD.png"], undefined],
    ["tex/wood.png", ["tex/Wood.png", "tex/wood.png"], "tex/wood.png"],
    ["wood.png", ["tex/wood.png"], undefined],
    ["tex/wood.png", ["wood.png"], undefined],
    [composed, [decomposed], decomposed],
    [decomposed, [composed], composed],
    ["a/b/c.png", ["A/B/c.png"], "A/B/c.png"],
    ["a/../c.png", ["c.png"], undefined],
  ] as const)("%s in %j is %s", async (at, files, expected) => {
    const tree = files.map((file) => `/project/${file}`);
    expect(await locate("/project", at, listOf(tree))).toBe(expected && `/project/${expected}`);
  });
});

describe("expand()", () => {
  test.each<[string, Form, readonly string[], readonly string[]]>([
    ["a.png", null, ["a.png", "b.png"], ["a.png"]],
    ["x/im_01.png", null, ["im_01.png", "im_02.png"], ["x/im_01.png"]],
    ["x/im_01.png", "sequence", ["im_01.png", "im_02.png", "other_03.png"], ["x/im_01.png", "x/im_02.png"]],
    ["im_01.png", "sequence", ["im_1.png", "im_100.png", "im_x.png"], ["im_1.png", "im_100.png"]],
    ["im_01.png", "sequence", [], ["im_01.png"]],
    ["shot2_im_01.exr", "sequence", ["shot2_im_07.exr", "shot3_im_08.exr"], ["shot2_im_07.exr"]],
    ["plain.png", "sequence", ["plain.png", "plain2.png"], ["plain.png"]],
    ["t/w.<UDIM>.png", "tiles", ["w.1001.png", "w.1012.png", "w.101.png", "w.png"], ["t/w.1001.png", "t/w.1012.png"]],
    ["w.<UDIM>.png", null, ["w.1001.png"], ["w.1001.png"]],
    ["w_<UVTILE>.png", "tiles", ["w_u1_v1.png", "w_u2_v10.png", "w_u_v.png"], ["w_u1_v1.png", "w_u2_v10.png"]],
    ["w.<UDIM>.png", "tiles", [], []],
  ])("%s as %s among %j is %j", (at, form, names, expected) => {
    expect(expand(at, form, names)).toEqual(expected);
  });
});
