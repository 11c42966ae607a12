import { execFileSync } from "node:child_process";
import { mkdir, readFile, symlink, utimes, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { assetRootsOf } from "../../src/assets/asset-roots.ts";
import { DigestCache } from "../../src/assets/digest-cache.ts";
import type { FileReference } from "../../src/assets/find-files.ts";
import { ProjectFiles } from "../../src/assets/project-files.ts";
import { lookFor } from "../../src/blendfile/named-texts.ts";
import { relativePathsIn } from "../../src/blendfile/relative-paths.ts";
import { makeTemporaryFolder, type TemporaryFolder } from "../support/temporary-folder.ts";

const png = Buffer.from("89504e470d0a1a0a", "hex");
const blendStart = "BLENDER-v304";

let folder: TemporaryFolder;
const pathOf = (path: string) => join(folder.path, path);

async function put(path: string, content: string | Buffer = png): Promise<void> {
  await mkdir(dirname(pathOf(path)), { recursive: true });
  await writeFile(pathOf(path), content);
}

/** A blendfile that names these paths, and the files of a job with it. */
async function jobOf(
  names: readonly string[],
  { blend = "project/shot.blend", roots = [] as string[], sendsSound = true } = {},
) {
  await put(blend, `${blendStart}\0${names.join("\0")}\0`);
  await mkdir(pathOf("job"), { recursive: true });
  return new ProjectFiles({
    ...{
      blend: pathOf(blend),
      folder: pathOf("job"),
      lookFor,
      relativePathsIn,
      keepBytes: 1_000_000,
      sendsSound,
    },
    roots: await assetRootsOf(pathOf(blend), roots.map(pathOf)),
    digests: DigestCache.open(pathOf("config")),
  });
}

const missing = (path: string, at: string | null = null, more: Partial<FileReference> = {}): FileReference => ({
  ...{ kind: "image", path, missing: true, at },
  ...more,
});

async function listOf(files: ProjectFiles) {
  const { list } = files.current;
  return list === null ? null : JSON.parse(await readFile(list.path, "utf8"));
}

const pathsIn = async (files: ProjectFiles) =>
  ((await listOf(files))?.files ?? []).map(({ path }: { path: string }) => path);

async function link(path: string, target = "outside.png") {
  await put("outside.png");
  await put("outside/a.png");
  await symlink(pathOf(target), pathOf(path));
}

async function pipe(path: string) {
  await mkdir(dirname(pathOf(path)), { recursive: true });
  execFileSync("mkfifo", [pathOf(path)]);
}

beforeEach(async () => {
  folder = await makeTemporaryFolder();
});
afterEach(() => folder[Symbol.asyncDispose]());

test.each([
  [true, ["voice.wav"]],
  [false, []],
])("what is only heard travels if sound is wanted (%s)", async (sendsSound, sent) => {
  const files = await jobOf(["//voice.wav", "//muted.wav"], { sendsSound });
  for (const name of ["voice", "muted"]) await put(`project/${name}.wav`, `RIFF....WAVE ${name}`);
  const heard = (name: string, audible: boolean) =>
    missing(`//${name}.wav`, `${name}.wav`, { kind: "sound", visible: false, audible });
  await files.add([heard("voice", true), heard("muted", false)]);
  expect(await pathsIn(files)).toEqual(sent);
});

describe("files that travel", () => {
  test("are those that a node misses, each once, with what libraries among them name", async () => {
    const files = await jobOf(["//tex/wood.png", "//lib/lib.blend"]);
    await put("project/tex/wood.png");
    await put("project/lib/lib.blend", `${blendStart}\0//inner.png\0`);
    await put("project/lib/inner.png", Buffer.concat([png, Buffer.alloc(1024 * 1024)])); // too large to be guessed
    expect(files.blendPath).toBe("shot.blend");
    expect(files.current).toEqual({ files: [], list: null });
    const first = [
      missing("//tex/wood.png", "tex/wood.png"),
      missing("//lib/lib.blend", "lib/lib.blend", { kind: "library" }),
    ];
    expect(await files.add(first)).toBe(true);
    expect(await files.add(first)).toBe(false);
    expect(await files.add([...first, missing("//inner.png", "lib/inner.png")])).toBe(true);
    expect(await pathsIn(files)).toEqual(["lib/inner.png", "lib/lib.blend", "tex/wood.png"]);
    expect(files.current.files).toHaveLength(3);
  });

  test("may have names that differ in case, and are found by the ends of paths of other machines", async () => {
    const windows = "C:\\Users\\anna\\assets\\tex\\wood.png";
    const files = await jobOf(["//Tex/Wood.PNG", windows, "/Users/ben/beside.png"]);
    await put("project/tex/wood.png");
    await put("project/textures/beside.png");
    await files.add([missing("//Tex/Wood.PNG", "Tex/Wood.PNG"), missing(windows), missing("/Users/ben/beside.png")]);
    expect(await listOf(files)).toMatchObject({
      files: [{ path: "Tex/Wood.PNG" }, { path: "tex/wood.png" }, { path: "textures/beside.png" }],
      moved: [
        { from: "/Users/ben/beside.png", path: "textures/beside.png" },
        { from: windows, path: "tex/wood.png" },
      ],
    });
  });

  test("bring the small files that their libraries name, without a node that asks for them", async () => {
    const files = await jobOf(["//lib/a.blend"]);
    await put("project/lib/a.blend", "BLENDER-v304\0//deep/b.blend\0//gone.blend\0");
    await put("project/lib/deep/b.blend", "BLENDER-v304\0//../c.blend\0//../a.blend\0//../../../outside.blend\0");
    await put("project/lib/c.blend", "BLENDER-v304\0//../tex/bark.png\0//../tex/notes.txt\0//../tex/large.png\0");
    await put("project/tex/bark.png");
    await put("project/tex/notes.txt");
    await put("project/tex/large.png", Buffer.concat([png, Buffer.alloc(1024 * 1024)]));
    await put("outside.blend", "BLENDER-v304\0");
    expect(await files.add([{ ...missing("//lib/a.blend", "lib/a.blend"), kind: "library" }])).toBe(true);
    expect(await pathsIn(files)).toEqual(["lib/a.blend", "lib/c.blend", "lib/deep/b.blend", "tex/bark.png"]);
    const bark = missing("//../tex/bark.png", "tex/bark.png");
    expect(files.contents.filesOf({ ...bark, missing: false }).map(({ at }) => at)).toEqual(["tex/bark.png"]);
    expect(files.whyNot("//gone.blend")).toBe(undefined); // no node has asked for it
  });

  test("bring no large library unasked: the scene may not use it", async () => {
    const files = await jobOf(["//lib/a.blend"]);
    await put("project/lib/a.blend", "BLENDER-v304\0//large.blend\0//small.blend\0");
    await put("project/lib/large.blend", Buffer.concat([Buffer.from("BLENDER-v304"), Buffer.alloc(8 * 1024 * 1024)]));
    await put("project/lib/small.blend", "BLENDER-v304\0");
    await files.add([{ ...missing("//lib/a.blend", "lib/a.blend"), kind: "library" }]);
    expect(await pathsIn(files)).toEqual(["lib/a.blend", "lib/small.blend"]);
    const large = { ...missing("//lib/large.blend", "lib/large.blend"), kind: "library" };
    expect(await files.add([large])).toBe(true);
    expect(await pathsIn(files)).toContain("lib/large.blend");
  });

  test("may be named by another path later, which leads to the same file then", async () => {
    const windows = "C:\\film\\tex\\wood.png";
    const files = await jobOf(["//tex/wood.png", windows]);
    await put("project/tex/wood.png");
    expect(await files.add([missing("//tex/wood.png", "tex/wood.png")])).toBe(true);
    expect(await files.add([missing(windows)])).toBe(true);
    expect(await listOf(files)).toMatchObject({
      files: [{ path: "tex/wood.png" }],
      moved: [{ from: windows, path: "tex/wood.png" }],
    });
    expect(await files.add([missing(windows)])).toBe(false);
  });

  test("may be in folders that the user names, around the blendfile or elsewhere", async () => {
    const names = ["//../tex/wood.png", pathOf("library/stone.png")];
    const files = await jobOf(names, { blend: "project/shots/shot.blend", roots: ["project", "library"] });
    await put("project/tex/wood.png");
    await put("library/stone.png");
    expect(files.blendPath).toBe("project/shots/shot.blend");
    await files.add([missing("//../tex/wood.png", "project/tex/wood.png"), missing(pathOf("library/stone.png"))]);
    expect(await pathsIn(files)).toEqual(["library/stone.png", "project/tex/wood.png"]);
  });

  test("are the pictures of both eyes, of which the blendfile names one, and no other file in its place", async () => {
    const files = await jobOf(["//eye_L.png"]);
    for (const name of ["eye_L.png", "eye_R.png", "plan_R.png"]) await put(`project/${name}`);
    const other = (name: string) => missing(`//${name}`, name, { viewOf: "//eye_L.png" });
    await files.add([missing("//eye_L.png", "eye_L.png"), other("eye_R.png"), other("plan_R.png")]);
    expect(await pathsIn(files)).toEqual(["eye_L.png", "eye_R.png"]);
    expect(files.whyNot("//plan_R.png")).toBe("the blendfile does not name it");
  });

  test("are compiled shaders, in place of their texts", async () => {
    const files = await jobOf(["//toon.osl", "//old.osl"]);
    for (const name of ["toon", "old"]) {
      await put(`project/${name}.osl`, "shader");
      await put(`project/${name}.oso`, "OpenShadingLanguage 1.00");
    }
    await utimes(pathOf("project/old.oso"), 1, 1);
    await utimes(pathOf("project/toon.osl"), 1, 1);
    const shader = { kind: "shader" };
    await files.add([missing("//toon.osl", "toon.osl", shader), missing("//old.osl", "old.osl", shader)]);
    expect(await listOf(files)).toMatchObject({
      files: [{ path: "toon.oso" }],
      moved: [{ from: "//toon.osl", path: "toon.oso" }],
    });
    expect(files.whyNot("//old.osl")).toBe("its text has changed since Blender compiled it");
  });

  test("are whole sequences and all tiles", async () => {
    const files = await jobOf(["//im_1.png", "//t.<UDIM>.png"]);
    for (const name of ["im_1.png", "im_2.png", "im_x.png", "t.1001.png", "t.1002.png"]) await put(`project/${name}`);
    await files.add([
      missing("//im_1.png", "im_1.png", { form: "sequence" }),
      missing("//t.<UDIM>.png", "t.<UDIM>.png"),
    ]);
    expect(await pathsIn(files)).toEqual(["im_1.png", "im_2.png", "t.1001.png", "t.1002.png"]);
  });
});

test("folders outside the project whose pictures the scene uses are named, so that the user can allow them", async () => {
  const elsewhere = pathOf("library/stone.png");
  const files = await jobOf(["//../tex/wood.png", elsewhere], { blend: "film/shots/shot.blend" });
  await put("film/tex/wood.png");
  await put("library/stone.png");
  expect(await files.add([missing("//../tex/wood.png", "../tex/wood.png"), missing(elsewhere)])).toBe(false);
  expect(files.whyNot(elsewhere)).toMatch(/^it is outside the project .*shots$/);
  expect(files.unnamedRoots).toEqual([pathOf("film"), pathOf("library")]);
});

test.each<[string, () => Promise<unknown>, Partial<FileReference>, RegExp]>([
  ["empty", () => put("project/f_2.png", ""), {}, /^f_2\.png: its content is not of the kind 'image'$/],
  ["a pipe", () => pipe("project/f_2.png"), {}, /^f_2\.png: it is not a regular file$/],
  ["elsewhere", () => link("project/f_2.png"), {}, /^f_2\.png: it is a link that leaves the project$/],
])("of a sequence in which one file is %s none is sent: it would render with a gap", async (_, plant, more, why) => {
  const files = await jobOf(["//f_1.png"]);
  await put("project/f_1.png");
  await plant();
  expect(await files.add([missing("//f_1.png", "f_1.png", { form: "sequence", ...more })])).toBe(false);
  expect(files.whyNot("//f_1.png")).toMatch(why);
});

test("what one node has said about a file is no answer to another", async () => {
  const files = await jobOf(["//wood.png"]);
  await put("project/wood.png");
  expect(await files.add([missing("//wood.png", "wood.png", { kind: "sound" })])).toBe(false);
  expect(await files.add([missing("//wood.png", "wood.png")])).toBe(true);
  expect(files.whyNot("//wood.png")).toBeUndefined();
});

test("files are found around a blendfile whose own path no Windows could have", async () => {
  const files = await jobOf(["//tex/a.png"], { blend: "project/shot 1: intro/x.blend", roots: ["project"] });
  await put("project/tex/a.png", Buffer.concat([png, png]));
  await put("project/shot 1: intro/tex/a.png");
  expect(files.blendPath).toBe("x.blend");
  expect(await files.add([missing("//tex/a.png", "tex/a.png")])).toBe(true);
  expect(files.current.files[0]?.source).toBe(pathOf("project/shot 1: intro/tex/a.png"));
});

test("an absolute path through a link is found in the root that it leads to, and is not told to be elsewhere", async () => {
  await put("project/tex/a.png");
  await symlink(pathOf("project"), pathOf("linked"));
  const path = pathOf("linked/tex/a.png");
  const files = await jobOf([path]);
  expect(await files.add([missing(path)])).toBe(true);
  expect(await pathsIn(files)).toEqual(["tex/a.png"]);
  expect([...files.moved]).toEqual([]);
});

test("a damaged library and an unreadable file of another node's end nothing", async () => {
  const files = await jobOf(["//lib.blend", "//wood.png"]);
  await put("project/lib.blend", Buffer.from("1f8b0800000000000003ffffffff", "hex"));
  await put("project/wood.png");
  expect(await files.add([missing("//lib.blend", "lib.blend", { kind: "library" })])).toBe(true);
  expect(await files.add([missing("//wood.png", "wood.png")])).toBe(true);
});

describe("of several files that a path of another machine could mean,", () => {
  const path = "C:\\maps\\wood.png";

  test("the only one is offered if it is nowhere near, and its folder as a root chooses it", async () => {
    await put("project/lib/wood.png");
    const files = await jobOf([path]);
    expect(await files.add([missing(path)])).toBe(false);
    expect(files.unnamedRoots).toEqual([pathOf("project/lib")]);
    const chosen = await jobOf([path], { roots: ["project/lib"] });
    expect(await chosen.add([missing(path)])).toBe(true);
    expect([...chosen.moved]).toEqual([[path, "lib/wood.png"]]);
  });

  test("those with the same contents are one", async () => {
    await put("project/one/wood.png");
    await put("project/two/wood.png");
    const files = await jobOf([path]);
    expect(await files.add([missing(path)])).toBe(true);
    expect(files.choices.size).toBe(0);
  });

  test("others are choices", async () => {
    const [one, two] = ["project/one/wood.png", "project/two/wood.png"];
    await put(one);
    await put(two, Buffer.concat([png, png]));
    const files = await jobOf([path]);
    expect(await files.add([missing(path)])).toBe(false);
    expect([...files.choices]).toEqual([[path, [pathOf(one), pathOf(two)]]]);
    const chosen = await jobOf([path], { roots: ["project/two"] });
    await chosen.add([missing(path)]);
    expect([...chosen.moved]).toEqual([[path, "two/wood.png"]]);
  });
});

describe("a node or a blendfile cannot have", () => {
  test.each<[string, () => Promise<unknown>, FileReference, RegExp]>([
    [
      "a file that no blendfile names",
      () => put("project/other.png"),
      missing("//other.png", "other.png"),
      /does not name it/,
    ],
    [
      "another file than the one that a path leads to",
      () => put("project/plans/secret.png"),
      missing("//wood.png", "plans/secret.png"),
      /does not name it/,
    ],
    [
      "a file in place of one with an absolute path",
      () => put("project/b.png"),
      missing("/a.png", "b.png"),
      /does not name it/,
    ],
    [
      "a file whose path begins like one that is named",
      () => put("project/wood"),
      missing("//wood", "wood"),
      /does not name it/,
    ],
    [
      "a file beside the project",
      () => put("secret.png"),
      missing("//../secret.png", "../secret.png"),
      /outside the project/,
    ],
    ["a hidden file", () => put("project/.ssh/id.png"), missing("//.ssh/id.png", ".ssh/id.png"), /hidden/],
    ["a key as a texture", () => put("project/id_rsa", "-----BEGIN"), missing("//id_rsa", "id_rsa"), /not of the kind/],
    [
      "a text as a sound",
      () => put("project/passwd", "root:x:0"),
      missing("//passwd", "passwd", { kind: "sound" }),
      /not of the kind/,
    ],
    ["a file behind a link", () => link("project/link.png"), missing("//link.png", "link.png"), /leaves the project/],
    [
      "a file in a linked folder",
      () => link("project/dir", "outside"),
      missing("//dir/a.png", "dir/a.png"),
      /leaves the project/,
    ],
    [
      "a hidden file behind a link that is not",
      async () => {
        await put("project/.git/a.png");
        await symlink(pathOf("project/.git/a.png"), pathOf("project/a.png"));
      },
      missing("//a.png", "a.png"),
      /a link to a hidden file/,
    ],
    ["a pipe", () => pipe("project/pipe.png"), missing("//pipe.png", "pipe.png"), /not a regular file/],
    ["a system file", async () => {}, missing("/etc/passwd", null), /outside the project/],
    ["a protocol", async () => {}, missing("http://127.0.0.1/a.png", null), /neither here nor in the project/],
    [
      "a name that is a device on Windows",
      () => put("project/aux.png"),
      missing("//aux.png", "aux.png"),
      /not allowed/,
    ],
    ["one of two files that may be meant", () => twice(), missing("/x/a/same.png", null), /any of/],
  ])("%s", async (_, plant, reference, why) => {
    const isNamed = !why.source.includes("name it");
    const files = await jobOf(isNamed ? [reference.path] : ["//wood.png"]);
    await plant();
    expect(await files.add([reference])).toBe(false);
    expect(files.current).toEqual({ files: [], list: null });
    expect(files.whyNot(reference.path)).toMatch(why);
    // Only of a picture it may be asked whether its folder is meant to be sent.
    expect(files.unnamedRoots).toEqual(reference.path === "//../secret.png" ? [folder.path] : []);
  });

  test("anything but what is beside it, if a farmspec around it is in a home folder", async () => {
    await put("home/film/shot.blend");
    vi.stubEnv("HOME", pathOf("home"));
    const around = [pathOf("home")];
    expect(await assetRootsOf(pathOf("home/film/shot.blend"), [], around)).toMatchObject({
      project: pathOf("home/film"),
    });
    vi.unstubAllEnvs();
    expect(await assetRootsOf(pathOf("home/film/shot.blend"), [], around)).toMatchObject({ project: pathOf("home") });
  });

  test("anything, if the blendfile is in a home folder, a temporary folder or at the root of a drive", async () => {
    const home = process.env.HOME;
    process.env.HOME = pathOf("project");
    try {
      const files = await jobOf(["//wood.png"]);
      await put("project/wood.png");
      expect(await files.add([missing("//wood.png", "wood.png")])).toBe(false);
      expect(files.whyNot("//wood.png")).toMatch(/no folder of its own/);
    } finally {
      process.env.HOME = home;
    }
  });

  async function twice() {
    await put("project/1/a/same.png");
    await put("project/2/a/same.png", Buffer.concat([png, png]));
  }
});
