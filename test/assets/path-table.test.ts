import { posix } from "node:path";
import { describe, expect, test } from "vitest";
import { AssetIndex } from "../../src/assets/asset-index.ts";
import { type AssetRoots, assetRootsOf } from "../../src/assets/asset-roots.ts";
import { findFiles } from "../../src/assets/find-files.ts";
import type { Form, ListFolder } from "../../src/assets/locate.ts";
import { skipBecause } from "../support/skip.ts";

/** A machine: the blendfile, the roots that the user names, and all files. */
interface Machine {
  readonly blend: string;
  readonly roots?: readonly string[];
  readonly files: readonly string[];
}

/**
 * A path in the blendfile, and the files that it means; `!` and the reason if it means none. With an arrow, the second
 * path is where the node is told to look instead.
 */
type Row = readonly [path: string, expected: string, more?: More];

/** The library that has the path, and what it stands for. */
interface More {
  readonly from?: string;
  readonly form?: Form;
}

const isSkipped = skipBecause(process.platform === "win32" ? "the table has paths of Unix" : undefined);

function check(machine: Machine, rows: readonly Row[]): void {
  const cases = rows.map(([path, expected, more = {}]) => [path, expected, more] as const);
  test.skipIf(isSkipped).each(cases)("%s is %s", async (path, expected, { from = machine.blend, form = null }) => {
    expect(await meaningOf(machine, path, from, form)).toBe(expected);
  });
}

async function meaningOf(machine: Machine, path: string, from: string, form: Form): Promise<string> {
  const roots = await assetRootsOf(machine.blend, machine.roots);
  if (roots === null) return "!the blendfile is in no root";
  const index = async () => indexOf(machine, roots);
  const areAlike = async (files: readonly string[]) => files.every((file) => file.includes("/copy"));
  const real = async (path: string) => path.replace(/^\/linked\//, "/f/");
  const reference = { kind: "image", path, missing: true, at: atOf(path, from, roots), form };
  const found = await findFiles(reference, { roots, list: listOf(machine.files), index, areAlike, real });
  if ("why" in found) return `!${found.why}`;
  const moved = found.movedTo === null ? "" : ` -> ${found.movedTo}`;
  return `${found.files.map((file) => file.path).join(" ")}${moved}`;
}

/** Where a node looks for a relative path, from the folder of the job. */
function atOf(path: string, from: string, { base }: AssetRoots): string | null {
  if (!path.startsWith("//")) return null;
  return posix.relative(base ?? "", posix.join(posix.dirname(from), path.slice(2).replaceAll("\\", "/")));
}

function listOf(files: readonly string[]): ListFolder {
  return async (folder) => {
    const inside = folder.endsWith("/") ? folder : `${folder}/`;
    const below = files.filter((file) => file.startsWith(inside)).map((file) => file.slice(inside.length));
    return [...new Set(below.map((file) => file.split("/")[0] ?? ""))];
  };
}

function indexOf({ files }: Machine, { project, others }: AssetRoots): AssetIndex {
  const inRoots = files.filter((file) =>
    [project, ...others].some((root) => file.startsWith(`${root}/`) && !file.slice(root.length).includes("/.")),
  );
  const folders = inRoots.flatMap((file) => foldersOf(posix.dirname(file)));
  return new AssetIndex({ files: inRoots, folders: [...new Set(folders)] });
}

function foldersOf(folder: string): readonly string[] {
  return folder === "/" ? [] : [folder, ...foldersOf(posix.dirname(folder))];
}

const alone: Machine = {
  blend: "/home/anna/film/shot.blend",
  files: [
    "/home/anna/film/shot.blend",
    "/home/anna/film/wood.png",
    "/home/anna/film/tex/wood.png",
    "/home/anna/film/tex/Moss.PNG",
    "/home/anna/film/tex/deep/er/stone.png",
    "/home/anna/film/a b/wood oak.png",
    "/home/anna/film/päth/größe.png",
    "/home/anna/film/日本/木.png",
    "/home/anna/film/emoji/🦆.png",
    "/home/anna/film/dots/v1.2.3/a.b.c.png",
    "/home/anna/film/noext",
    "/home/anna/film/.hidden/key.png",
    "/home/anna/film/tex/.secret.png",
    "/home/anna/film/con/wood.png",
    "/home/anna/film/tex/aux.png",
    "/home/anna/film/tex/end .png",
    "/home/anna/film/tex/trailing ",
    "/home/anna/film/tex/a:b.png",
    "/home/anna/film/tex/a?.png",
    "/home/anna/other/wood.png",
    "/home/anna/.ssh/id_rsa",
    "/etc/passwd",
  ],
};
const film = "/home/anna/film";
const absent = "!it does not exist";
const beyond = `!it is outside the project ${film}`;
const nowhere = "!it is neither here nor in the project";
const beyondAndAbsent = `!it does not exist, and would be outside the project ${film}`;
const hidden = "!it is hidden: --asset-root with its folder sends it";
const badName = "!its name is not allowed on every system";

describe("relative paths, from the blendfile's folder:", () => {
  check(alone, [
    ["//wood.png", `${film}/wood.png`],
    ["//tex/wood.png", `${film}/tex/wood.png`],
    ["//./tex/wood.png", `${film}/tex/wood.png`],
    ["//tex/./wood.png", `${film}/tex/wood.png`],
    ["//tex//wood.png", `${film}/tex/wood.png`],
    ["//tex/../wood.png", `${film}/wood.png`],
    ["//absent/../wood.png", `${film}/wood.png`],
    ["//tex/deep/er/stone.png", `${film}/tex/deep/er/stone.png`],
    ["//tex/deep/../wood.png", `${film}/tex/wood.png`],
    ["//../film/wood.png", `${film}/wood.png`],
    ["//../film/tex/wood.png", `${film}/tex/wood.png`],
    ["//../../anna/film/wood.png", `${film}/wood.png`],
    ["//a b/wood oak.png", `${film}/a b/wood oak.png`],
    ["//päth/größe.png", `${film}/päth/größe.png`],
    ["//日本/木.png", `${film}/日本/木.png`],
    ["//emoji/🦆.png", `${film}/emoji/🦆.png`],
    ["//dots/v1.2.3/a.b.c.png", `${film}/dots/v1.2.3/a.b.c.png`],
    ["//noext", `${film}/noext`],
    ["//gone.png", absent],
    ["//tex/gone.png", absent],
    ["//gone/wood.png", absent],
    ["//wood.png/inner.png", absent],
    ["//tex/stone.png", absent],
    ["//wood", absent],
    ["//wood.pn", absent],
    ["//wood.png2", absent],
    ["//../wood.png", beyondAndAbsent],
    ["//../other/wood.png", beyond],
    ["//../.ssh/id_rsa", beyond],
    ["//../../../etc/passwd", beyond],
    ["//../../../../../../etc/passwd", beyond],
    ["//../../../../gone", beyondAndAbsent],
    ["//../filmx/wood.png", beyondAndAbsent],
  ]);
});

describe("backslashes, on every system:", () => {
  check(alone, [
    ["//tex\\wood.png", `${film}/tex/wood.png`],
    ["//.\\tex\\wood.png", `${film}/tex/wood.png`],
    ["//tex\\..\\wood.png", `${film}/wood.png`],
    ["//..\\film\\wood.png", `${film}/wood.png`],
    ["//tex\\deep/er\\stone.png", `${film}/tex/deep/er/stone.png`],
    ["//a b\\wood oak.png", `${film}/a b/wood oak.png`],
    ["//..\\other\\wood.png", beyond],
    ["//tex\\gone.png", absent],
  ]);
});

describe("names that differ in case:", () => {
  check(alone, [
    ["//Wood.png", `${film}/wood.png`],
    ["//WOOD.PNG", `${film}/wood.png`],
    ["//TEX/wood.png", `${film}/tex/wood.png`],
    ["//Tex/Wood.Png", `${film}/tex/wood.png`],
    ["//tex/moss.png", `${film}/tex/Moss.PNG`],
    ["//TEX\\MOSS.png", `${film}/tex/Moss.PNG`],
    ["//PÄTH/GRÖßE.png", `${film}/päth/größe.png`],
    ["//Tex/Deep/ER/Stone.PNG", `${film}/tex/deep/er/stone.png`],
  ]);
  check(
    { blend: "/f/s.blend", files: ["/f/a.png", "/f/A.png", "/f/T/x.png", "/f/t/y.png", "/f/Ab.png", "/f/AB.png"] },
    [
      ["//a.png", "/f/a.png"],
      ["//A.png", "/f/A.png"],
      ["//ab.png", absent],
      ["//aB.png", absent],
      ["//Ab.png", "/f/Ab.png"],
      ["//T/x.png", "/f/T/x.png"],
      ["//t/x.png", absent],
    ],
  );
});

describe("accents, composed and decomposed:", () => {
  const [composed, decomposed] = ["caf\u00e9", "cafe\u0301"];
  check({ blend: "/f/s.blend", files: [`/f/${composed}.png`, `/f/${decomposed}/wood.png`] }, [
    [`//${composed}.png`, `/f/${composed}.png`],
    [`//${decomposed}.png`, `/f/${composed}.png`],
    [`//${composed}/wood.png`, `/f/${decomposed}/wood.png`],
    [`//${decomposed}/wood.png`, `/f/${decomposed}/wood.png`],
    [`//CAF\u00c9.png`, `/f/${composed}.png`],
    [`//CAFE\u0301/WOOD.PNG`, `/f/${decomposed}/wood.png`],
    ["//cafe.png", absent],
  ]);
  check({ blend: "/f/s.blend", files: [`/f/${composed}.png`, `/f/${decomposed}.png`] }, [
    [`//${composed}.png`, `/f/${composed}.png`],
    [`//${decomposed}.png`, `/f/${decomposed}.png`],
    [`//CAF\u00c9.png`, absent],
  ]);
});

describe("hidden files and names that some system refuses:", () => {
  check(alone, [
    ["//.hidden/key.png", hidden],
    ["//tex/.secret.png", hidden],
    ["//.HIDDEN/key.png", hidden],
    ["//con/wood.png", badName],
    ["//tex/aux.png", badName],
    ["//tex/trailing ", badName],
    ["//tex/a:b.png", badName],
    ["//tex/a?.png", badName],
    ["//tex/end .png", `${film}/tex/end .png`],
  ]);
});

describe("a hidden folder that the user has named, in the project:", () => {
  check({ ...alone, roots: [`${film}/.hidden`] }, [
    ["//.hidden/key.png", `${film}/.hidden/key.png`],
    [`${film}/.hidden/key.png`, `${film}/.hidden/key.png -> .hidden/key.png`],
    ["//tex/.secret.png", hidden],
  ]);
});

describe("absolute paths on the machine where they lie:", () => {
  check(alone, [
    [`${film}/wood.png`, `${film}/wood.png -> wood.png`],
    [`${film}/tex/wood.png`, `${film}/tex/wood.png -> tex/wood.png`],
    [`${film}/tex/../wood.png`, `${film}/wood.png -> wood.png`],
    [`${film}//tex/wood.png`, `${film}/tex/wood.png -> tex/wood.png`],
    [`${film}/TEX/moss.png`, `${film}/tex/Moss.PNG -> TEX/moss.png`],
    [`${film}/../film/wood.png`, `${film}/wood.png -> wood.png`],
    [`${film}/gone.png`, absent],
    [`${film}/.hidden/key.png`, hidden],
    ["/home/anna/other/wood.png", beyond],
    [`${film}/../other/wood.png`, beyond],
    ["/home/anna/.ssh/id_rsa", beyond],
    ["/etc/passwd", beyond],
    ["/etc/../etc/passwd", beyond],
    ["/ETC/PASSWD", nowhere],
  ]);
});

describe("absolute paths of another machine, by how they end:", () => {
  check(alone, [
    ["C:\\Users\\anna\\film\\tex\\wood.png", `${film}/tex/wood.png -> tex/wood.png`],
    ["C:/Users/anna/film/tex/wood.png", `${film}/tex/wood.png -> tex/wood.png`],
    ["D:\\tex\\wood.png", `${film}/tex/wood.png -> tex/wood.png`],
    ["D:tex\\wood.png", `${film}/wood.png -> wood.png`],
    ["\\\\server\\share\\tex\\wood.png", `${film}/tex/wood.png -> tex/wood.png`],
    ["//server/share/tex/wood.png", beyondShare()],
    ["/Users/anna/film/tex/wood.png", `${film}/tex/wood.png -> tex/wood.png`],
    ["/Volumes/Work/tex/wood.png", `${film}/tex/wood.png -> tex/wood.png`],
    ["/home/ben/elsewhere/wood.png", `${film}/wood.png -> wood.png`],
    ["C:\\wood.png", `${film}/wood.png -> wood.png`],
    ["E:\\TEX\\WOOD.PNG", `${film}/tex/wood.png -> tex/wood.png`],
    ["E:\\maps\\moss.png", `!it could be ${film}/tex/Moss.PNG`],
    ["/x/er/stone.png", `${film}/tex/deep/er/stone.png -> tex/deep/er/stone.png`],
    ["/x/deep/er/stone.png", `${film}/tex/deep/er/stone.png -> tex/deep/er/stone.png`],
    ["/x/stone.png", `!it could be ${film}/tex/deep/er/stone.png`],
    ["/x/gone.png", nowhere],
    ["/x/tex/gone.png", nowhere],
    ["/x/key.png", nowhere],
    ["/x/.hidden/key.png", nowhere],
    ["C:\\Users\\anna\\päth\\größe.png", `${film}/päth/größe.png -> päth/größe.png`],
    ["C:\\日本\\木.png", `${film}/日本/木.png -> 日本/木.png`],
    ["~/film/tex/wood.png", `${film}/tex/wood.png -> tex/wood.png`],
    ["tex/wood.png", `${film}/tex/wood.png -> tex/wood.png`],
    ["wood.png", `${film}/wood.png -> wood.png`],
    ["http://example.org/tex/gone.png", nowhere],
    ["/", nowhere],
    ["C:\\", nowhere],
    ["C:", nowhere],
    ["\\\\", nowhere],
    ["/dev/stdin", nowhere],
  ]);

  /** Two slashes are the blendfile's folder, never a share. */
  function beyondShare(): string {
    return absent;
  }
});

describe("several files that a path of another machine could mean:", () => {
  const files = [
    "/f/shots/s.blend",
    "/f/shots/textures/beside.png",
    "/f/shots/both.png",
    "/f/shots/textures/both.png",
    "/f/one/tex/wood.png",
    "/f/two/tex/wood.png",
    "/f/copy1/tex/oak.png",
    "/f/copy2/tex/oak.png",
    "/f/lib/only.png",
    "/f/a/many.png",
    "/f/b/many.png",
    "/f/c/many.png",
    "/f/d/many.png",
    "/f/e/many.png",
  ];
  const project = { blend: "/f/shots/s.blend", roots: ["/f"], files };
  check(project, [
    ["C:\\tex\\wood.png", "!it could be any of /f/one/tex/wood.png, /f/two/tex/wood.png"],
    ["C:\\one\\tex\\wood.png", "/f/one/tex/wood.png -> one/tex/wood.png"],
    ["C:\\TWO\\tex\\wood.png", "/f/two/tex/wood.png -> two/tex/wood.png"],
    ["C:\\three\\tex\\wood.png", "!it could be any of /f/one/tex/wood.png, /f/two/tex/wood.png"],
    ["C:\\wood.png", "!it could be any of /f/one/tex/wood.png, /f/two/tex/wood.png"],
    ["C:\\tex\\oak.png", "/f/copy1/tex/oak.png -> copy1/tex/oak.png"],
    ["C:\\maps\\oak.png", "/f/copy1/tex/oak.png -> copy1/tex/oak.png"],
    ["C:\\maps\\beside.png", "/f/shots/textures/beside.png -> shots/textures/beside.png"],
    ["C:\\textures\\beside.png", "/f/shots/textures/beside.png -> shots/textures/beside.png"],
    ["C:\\x\\both.png", "!it could be any of /f/shots/both.png, /f/shots/textures/both.png"],
    ["C:\\shots\\both.png", "/f/shots/both.png -> shots/both.png"],
    ["C:\\textures\\both.png", "/f/shots/textures/both.png -> shots/textures/both.png"],
    ["C:\\x\\only.png", "!it could be /f/lib/only.png"],
    ["C:\\x\\many.png", "!it could be any of /f/a/many.png, /f/b/many.png, /f/c/many.png and 2 more"],
  ]);
  check({ ...project, roots: ["/f", "/f/two/tex", "/f/lib", "/f/c"] }, [
    ["C:\\tex\\wood.png", "/f/two/tex/wood.png -> two/tex/wood.png"],
    ["C:\\one\\tex\\wood.png", "/f/one/tex/wood.png -> one/tex/wood.png"],
    ["C:\\x\\only.png", "/f/lib/only.png -> lib/only.png"],
    ["C:\\x\\many.png", "/f/c/many.png -> c/many.png"],
  ]);
});

describe("a folder beside the blendfile that the user has named chooses, the last one first:", () => {
  const files = ["/f/s.blend", "/f/wood.png", "/f/textures/wood.png", "/f/old/wood.png"];
  const machine = { blend: "/f/s.blend", files };
  check(machine, [["C:\\x\\wood.png", "!it could be any of /f/wood.png, /f/textures/wood.png"]]);
  check({ ...machine, roots: ["/f/textures"] }, [["C:\\y\\wood.png", "/f/textures/wood.png -> textures/wood.png"]]);
  check({ ...machine, roots: ["/f"] }, [["C:\\y\\wood.png", "/f/wood.png -> wood.png"]]);
  check({ ...machine, roots: ["/f", "/f/old"] }, [["C:\\y\\wood.png", "/f/old/wood.png -> old/wood.png"]]);
});

describe("absolute paths through a link:", () => {
  const files = ["/f/s.blend", "/f/tex/wood.png", "/linked/tex/wood.png", "/linked/tex/gone.png"];
  check({ blend: "/f/s.blend", files }, [
    ["/linked/tex/wood.png", "/f/tex/wood.png -> tex/wood.png"],
    ["/linked/tex/gone.png", absent],
  ]);
});

describe("a project with several folders, and a library's own folder:", () => {
  const files = [
    "/p/film/shots/s.blend",
    "/p/film/tex/wood.png",
    "/p/film/lib/chair.blend",
    "/p/film/lib/tex/wood.png",
    "/p/film/lib/deep/leg.blend",
    "/p/film/lib/deep/wood.png",
    "/p/assets/oak/oak.blend",
    "/p/assets/oak/tex/wood.png",
    "/p/assets/tex/wood.png",
    "/p/tex/wood.png",
  ];
  const chair = { from: "/p/film/lib/chair.blend" };
  const leg = { from: "/p/film/lib/deep/leg.blend" };
  const oak = { from: "/p/assets/oak/oak.blend" };
  const outside = "!it is outside the project /p/film";
  check({ blend: "/p/film/shots/s.blend", roots: ["/p/film"], files }, [
    ["//../tex/wood.png", "/p/film/tex/wood.png"],
    ["//tex/wood.png", absent],
    ["//../lib/chair.blend", "/p/film/lib/chair.blend"],
    ["//tex/wood.png", "/p/film/lib/tex/wood.png", chair],
    ["//../tex/wood.png", "/p/film/tex/wood.png", chair],
    ["//deep/leg.blend", "/p/film/lib/deep/leg.blend", chair],
    ["//wood.png", "/p/film/lib/deep/wood.png", leg],
    ["//..\\tex\\wood.png", "/p/film/lib/tex/wood.png", leg],
    ["//../../tex/wood.png", "/p/film/tex/wood.png", leg],
    ["//../chair.blend", "/p/film/lib/chair.blend", leg],
    ["//../../../tex/wood.png", outside, leg],
    ["//../../assets/tex/wood.png", outside],
    ["/p/assets/tex/wood.png", outside],
  ]);
  check({ blend: "/p/film/shots/s.blend", roots: ["/p/film", "/p/assets"], files }, [
    ["//../tex/wood.png", "/p/film/tex/wood.png"],
    ["//../../assets/tex/wood.png", "/p/assets/tex/wood.png"],
    ["//../../assets/oak/oak.blend", "/p/assets/oak/oak.blend"],
    ["/p/assets/tex/wood.png", "/p/assets/tex/wood.png -> assets/tex/wood.png"],
    ["/p/film/tex/wood.png", "/p/film/tex/wood.png -> film/tex/wood.png"],
    ["//tex/wood.png", "/p/assets/oak/tex/wood.png", oak],
    ["//../tex/wood.png", "/p/assets/tex/wood.png", oak],
    ["//../../film/tex/wood.png", "/p/film/tex/wood.png", oak],
    // Climbs out of its root to where another root could be mistaken for it.
    ["//../../tex/wood.png", outside, oak],
    ["//../../../tex/wood.png", "!it does not exist, and would be outside the project /p/film", oak],
    ["D:\\oak\\tex\\wood.png", "/p/assets/oak/tex/wood.png -> assets/oak/tex/wood.png"],
  ]);
});

describe("roots that have nothing in common:", () => {
  const files = ["/p/s.blend", "/p/wood.png", "/mnt/.store/lib/oak.blend", "/mnt/.store/lib/oak.png", "/mnt/x.png"];
  const oak = { from: "/mnt/.store/lib/oak.blend" };
  check({ blend: "/p/s.blend", roots: ["/mnt/.store/lib"], files }, [
    ["//wood.png", "/p/wood.png"],
    ["/mnt/.store/lib/oak.blend", "/mnt/.store/lib/oak.blend -> mnt/.store/lib/oak.blend"],
    ["//oak.png", "/mnt/.store/lib/oak.png", oak],
    ["//../../x.png", "!it is outside the project /p", oak],
    ["//../../../p/wood.png", "/p/wood.png", oak],
    ["C:\\lib\\oak.png", "/mnt/.store/lib/oak.png -> mnt/.store/lib/oak.png"],
    ["C:\\any\\oak.png", "/mnt/.store/lib/oak.png -> mnt/.store/lib/oak.png"],
  ]);
});

describe("sequences:", () => {
  const files = [
    "/f/s.blend",
    "/f/seq/im_0001.png",
    "/f/seq/im_0002.png",
    "/f/seq/im_0010.png",
    "/f/seq/im_0002.jpg",
    "/f/seq/other_0003.png",
    "/f/seq/im_last.png",
    "/f/7.png",
    "/f/8.png",
    "/f/v2_shot.1.exr",
    "/f/v2_shot.22.exr",
    "/f/v3_shot.2.exr",
    "/f/one.png",
  ];
  const form = "sequence";
  const all = "/f/seq/im_0001.png /f/seq/im_0002.png /f/seq/im_0010.png";
  check({ blend: "/f/s.blend", files }, [
    ["//seq/im_0001.png", "/f/seq/im_0001.png"],
    ["//seq/im_0001.png", all, { form }],
    ["//seq/im_0002.png", all, { form }],
    ["//seq/im_0005.png", all, { form }],
    ["//seq\\im_0001.png", all, { form }],
    ["//SEQ/im_0001.png", all, { form }],
    ["//7.png", "/f/7.png /f/8.png", { form }],
    ["//v2_shot.1.exr", "/f/v2_shot.1.exr /f/v2_shot.22.exr", { form }],
    ["//v3_shot.1.exr", "/f/v3_shot.2.exr", { form }],
    ["//one.png", "/f/one.png", { form }],
    ["//seq/im_last.png", "/f/seq/im_last.png", { form }],
    ["//seq/gone_0001.png", absent, { form }],
    ["//gone/im_0001.png", absent, { form }],
    ["/f/seq/im_0001.png", `${all} -> seq/im_0001.png`, { form }],
    ["C:\\x\\seq\\im_0001.png", `${all} -> seq/im_0001.png`, { form }],
  ]);
});

describe("tiles:", () => {
  const files = [
    "/f/s.blend",
    "/f/t/w.1001.png",
    "/f/t/w.1002.png",
    "/f/t/w.1101.png",
    "/f/t/w.11.png",
    "/f/t/w.png",
    "/f/t/u_u1_v1.png",
    "/f/t/u_u2_v1.png",
    "/f/t/u_u2.png",
  ];
  const form = "tiles";
  const all = "/f/t/w.1001.png /f/t/w.1002.png /f/t/w.1101.png";
  const uvs = "/f/t/u_u1_v1.png /f/t/u_u2_v1.png";
  check({ blend: "/f/s.blend", files }, [
    ["//t/w.<UDIM>.png", all, { form }],
    ["//t/w.<UDIM>.png", all],
    ["//t\\w.<UDIM>.png", all, { form }],
    ["//T/w.<UDIM>.png", all, { form }],
    ["//t/w.1001.png", all, { form }],
    ["//t/w.1002.png", "/f/t/w.1002.png"],
    ["//t/u_<UVTILE>.png", uvs, { form }],
    ["//t/x.<UDIM>.png", absent, { form }],
    ["/f/t/w.<UDIM>.png", `${all} -> t/w.<UDIM>.png`, { form }],
    ["C:\\maps\\t\\w.<UDIM>.png", `${all} -> t/w.<UDIM>.png`, { form }],
    ["/Users/anna/t/u_<UVTILE>.png", `${uvs} -> t/u_<UVTILE>.png`, { form }],
    ["/Users/anna/t/x.<UDIM>.png", nowhere, { form }],
    ["C:\\x\\w.<UDIM>.png", "!it could be /f/t/w.1001.png", { form }],
  ]);
});

describe("folders of caches:", () => {
  const files = [
    "/f/s.blend",
    "/f/cache_fluid_1/data/fluid_data_0001.vdb",
    "/f/cache_fluid_1/config/config_0001.uni",
    "/f/cache_fluid_1/.lock",
    "/f/blendcache_s/6f_000001_00.bphys",
    "/f/deep/1/2/3/4/5.vdb",
    "/f/sims/smoke/data/x.vdb",
  ];
  const form = "folder";
  const fluid = "/f/cache_fluid_1/data/fluid_data_0001.vdb /f/cache_fluid_1/config/config_0001.uni";
  check({ blend: "/f/s.blend", files }, [
    ["//cache_fluid_1", fluid, { form }],
    ["//CACHE_fluid_1", fluid, { form }],
    ["//blendcache_s", "/f/blendcache_s/6f_000001_00.bphys", { form }],
    ["//cache_fluid_2", absent, { form }],
    ["//deep", absent, { form }],
    ["//deep/1", "/f/deep/1/2/3/4/5.vdb", { form }],
    ["/f/cache_fluid_1", `${fluid} -> cache_fluid_1`, { form }],
    ["C:\\Temp\\sims\\smoke", "/f/sims/smoke/data/x.vdb -> sims/smoke", { form }],
    ["C:\\Temp\\cache_fluid_1", `${fluid} -> cache_fluid_1`, { form }],
    ["C:\\Temp\\smoke", "!it could be /f/sims/smoke", { form }],
    ["C:\\Temp\\cache_fluid_9", nowhere, { form }],
    ["//../other", "!it does not exist, and would be outside the project /f", { form }],
  ]);
});
