import { rmSync } from "node:fs";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { afterEach, beforeEach, expect, onTestFinished, test } from "vitest";
import type { FromCoordinator, FromNode, Reference } from "../../../src/session/protocol.ts";
import { digestOf, type FakeNode, type FakeNodeOptions } from "../../support/nodes/fake-node.ts";
import { range, ScriptedFarm } from "../../support/nodes/scripted-farm.ts";

const png = (text: string) => Buffer.concat([Buffer.from("89504e470d0a1a0a", "hex"), Buffer.from(text)]);
const wood = png("wood");

let farm: ScriptedFarm;

beforeEach(async () => {
  farm = await ScriptedFarm.open();
  await writeFile(farm.blend, "BLENDER-v304\0//tex/wood.png\0//tex/moss.png\0");
  await put("tex/wood.png", wood);
  await put("tex/moss.png", png("moss"));
});
afterEach(() => farm[Symbol.asyncDispose]());

async function put(name: string, bytes: Buffer): Promise<void> {
  await mkdir(dirname(farm.path(name)), { recursive: true });
  await writeFile(farm.path(name), bytes);
}

type Load = Extract<FromCoordinator, { type: "job-load" }>;

/** The digests of the files that a node was told to open the blendfile with, by path. */
function filesOf(node: FakeNode): Readonly<Record<string, string>> {
  const load = node.heard.findLast((message): message is Load => message.type === "job-load");
  const list = node.blobs.get(load?.files ?? "");
  const files: { path: string; sha256: string }[] = list === undefined ? [] : JSON.parse(list.toString()).files;
  return Object.fromEntries(files.map(({ path, sha256 }) => [path, sha256]));
}

/** Starts a node that misses these files of the scene until it is told of them. */
async function startNode(name: string, paths: readonly string[], options: FakeNodeOptions = {}) {
  const started = await farm.start({ name, ...options });
  started.node.options.say = (message: FromNode) => {
    if (message.type !== "job-loaded") return [message];
    const known = filesOf(started.node);
    const references = paths.map((path): Reference => {
      return { kind: "image", path: `//${path}`, at: path, missing: known[path] === undefined };
    });
    return [{ ...message, scene: { ...message.scene, references } }];
  };
  return started;
}

const uploads = (node: FakeNode) => node.heard.filter(({ type }) => type === "blob-begin").length;

test("each file is sent once to each node; a second job with the same files sends nothing", async () => {
  const nodes = [
    await startNode("north", ["tex/wood.png", "tex/moss.png"]),
    await startNode("south", ["tex/wood.png", "tex/moss.png"]),
  ];
  await farm.run(nodes, { frames: "1-8" }).completed();
  for (const { node } of nodes) {
    expect(filesOf(node)).toEqual({ "tex/wood.png": digestOf(wood), "tex/moss.png": digestOf(png("moss")) });
    expect(uploads(node)).toBe(4); // the blendfile, two pictures, and their list
  }

  await farm.run(nodes, { frames: "1-8", output: farm.path("second.mp4") }).completed();
  expect(nodes.map(({ node }) => uploads(node))).toEqual([4, 4]);
});

test("a picture that is painted over between two runs is named, and its frames are rendered again", async () => {
  const node = await startNode("north", ["tex/wood.png"]);
  const say = node.node.options.say;
  // As a real node does, it reports a digest of the files that it has.
  node.node.options.say = (message) =>
    (say?.(message) ?? []).map((said) =>
      said.type === "job-loaded"
        ? { ...said, scene: { ...said.scene, files: digestOf(Buffer.from(JSON.stringify(filesOf(node.node)))) } }
        : said,
    );
  await farm.run([node], { frames: "1-4" }).completed();
  await put("tex/wood.png", png("oak"));
  const second = farm.run([node], { frames: "1-4", overwrite: true });
  expect(await second.completed()).toMatchObject({ reused: 0 });
  expect(second.all("job:restarted")[0]?.reason).toMatch(/^tex\/wood\.png has changed; 4 old frames kept in /);
});

/** A job on one node. While it renders, a picture is painted over; only then a second node answers. */
async function joinLate(keepBytes: number, onPainted: (first: FakeNode) => void = () => {}) {
  const first = await startNode("first", ["tex/wood.png"]);
  const late = await startNode("late", ["tex/wood.png"]);
  let isPainted = false;
  let letGo = () => {};
  const isLate = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  late.node.options.onMessage = ({ type }) => type === "job-open" && !isPainted;
  first.node.options.beforeFrame = (frame) => (frame === 2 ? isLate : undefined);
  const run = farm.run([first, late], { frames: "1-8", keepBytes });
  run.onEvent = async (event) => {
    if (event.type === "frame:stored" && !isPainted) {
      await put("tex/wood.png", png("oak"));
      isPainted = true;
      onPainted(first.node);
      await late.node.conversation?.link.close(1001, ""); // the coordinator comes back, and is answered then
    }
    if (event.type === "node:excluded" || (event.type === "node:joined" && event.name === "late")) letGo();
  };
  const result = await run.completed();
  return { run, result, late };
}

test("a node that joins after a picture was painted over gets the old one", async () => {
  const { late, run } = await joinLate(1_000_000);
  expect(run.all("node:excluded")).toEqual([]);
  expect(filesOf(late.node)).toEqual({ "tex/wood.png": digestOf(wood) });
  expect(late.node.blobs.get(digestOf(wood))).toEqual(wood);
});

test.each<[string, () => void]>([
  ["saved again", () => {}],
  ["removed", () => rmSync(farm.path("tex/wood.png"))],
])("if the picture was %s and there is no copy of it, such a node gets it from another node", async (_, change) => {
  const { late, run } = await joinLate(0, change);
  expect(run.all("node:excluded")).toEqual([]);
  expect(filesOf(late.node)).toEqual({ "tex/wood.png": digestOf(wood) });
  expect(late.node.blobs.get(digestOf(wood))).toEqual(wood);
});

test.each<[string, (first: FakeNode) => void]>([
  ["has it", ({ blobs }) => blobs.delete(digestOf(wood))],
  ["has its right bytes", ({ blobs }) => blobs.set(digestOf(wood), png("bark"))],
])("if no node %s any more, such a node is excluded with the picture's name, and the others go on", async (_, lose) => {
  const { run, result } = await joinLate(0, lose);
  expect(run.all("node:excluded")).toMatchObject([
    { name: "late", message: `Cannot send ${farm.path("tex/wood.png")}: it has changed since the job began` },
  ]);
  expect(result).toMatchObject({ frames: 8, nodes: [{ name: "first" }] });
});

test("a node that asks for files that the blendfile does not name gets none, also with --missing warn", async () => {
  await put("secret.png", png("secret"));
  const node = await startNode("curious", ["secret.png", "tex/../../secret.png", "tex/wood.png"]);
  const refused = farm.run([node], { frames: "1-4" });
  await expect(refused.result).rejects.toMatchObject({
    code: "FARM_FILES_MISSING",
    message: expect.stringMatching(/\/\/secret\.png \(the blendfile does not name it\)/),
  });
  await farm.run([node], { frames: "1-4", missing: "warn" }).completed();
  expect([...node.node.blobs.keys()]).not.toContain(digestOf(png("secret")));
  expect(Object.keys(filesOf(node.node))).toEqual(["tex/wood.png"]);
});

test("an upload that breaks off continues where it was", async () => {
  const large = png("large".repeat(1_000_000));
  await put("tex/wood.png", large);
  const node = await startNode("north", ["tex/wood.png"]);
  const arrivedBytes = 2_000_000;
  let hasBroken = false;
  node.node.options.onMessage = (message, conversation) => {
    if (message.type !== "blob-end" || message.sha256 !== digestOf(large) || hasBroken) return false;
    hasBroken = true;
    node.node.blobs.set(digestOf(large), large.subarray(0, arrivedBytes));
    void conversation.link.close(1001, "");
    return true;
  };
  await farm.run([node], { frames: "1-4" }).completed();
  const offsets = node.node.heard.flatMap((message) =>
    message.type === "blob-begin" && message.sha256 === digestOf(large) ? [message.offset] : [],
  );
  expect(offsets).toEqual([0, arrivedBytes]);
});

test("a node whose disk cannot hold the files is excluded, and the others render", async () => {
  const full = await startNode("full", ["tex/wood.png"]);
  full.node.options.onMessage = (message, conversation) => {
    if (message.type !== "blob-begin" || message.sha256 !== digestOf(wood)) return false;
    const { transfer, sha256 } = message;
    void conversation.send({ type: "blob-rejected", transfer, sha256, code: "DISK_FULL", message: "no room" });
    return true;
  };
  const honest = await startNode("honest", ["tex/wood.png"]);
  const run = farm.run([full, honest], { frames: "1-8" });
  expect(await run.completed()).toMatchObject({ nodes: [{ name: "honest", frames: 8 }] });
  expect(run.all("node:excluded")).toMatchObject([
    { name: "full", message: expect.stringMatching(/refused it: no room/) },
  ]);
  await farm.expectFilm(range(1, 8));
});

test("a node whose Blender cannot read a file that the scene needs is excluded by name, unless files may be missing", async () => {
  const cannotRead: Reference = { kind: "cache", path: "//duck.abc", missing: false, lacks: "Alembic", owner: "Duck" };
  const lesser = { name: "lesser", sceneInfo: { references: [cannotRead] } };
  const nodes = [await farm.start(lesser), await farm.start({ name: "better" })];
  const run = farm.run(nodes, { frames: "1-4" });
  expect(await run.completed()).toMatchObject({ frames: 4, nodes: [{ name: "better" }] });
  const [excluded] = run.all("node:excluded");
  expect(excluded?.message).toMatch(/^Cannot use lesser: .* without Alembic, which Duck: \/\/duck\.abc needs$/);

  const alone = farm.run([await farm.start(lesser)], { frames: "1", missing: "warn", output: farm.path("alone.mp4") });
  const { warnings } = await alone.completed();
  expect(warnings).toEqual(["Alembic for Duck: //duck.abc is missing, and was not rendered"]);
});

/** Sets OCIO for this test. */
function useColors(config: string): void {
  const { OCIO: before = "" } = process.env;
  process.env.OCIO = config;
  onTestFinished(() => {
    process.env.OCIO = before;
  });
}

test("a color configuration that is in no root is not sent, and the user is told", async () => {
  useColors("/studio/config.ocio");
  const { warnings } = await farm.run([await farm.start()], { frames: "1" }).completed();
  expect(warnings).toEqual([
    "OCIO is /studio/config.ocio on this machine, which is not in the blendfile's folder or an --asset-root: nodes have their own colors unless OCIO is set there too",
  ]);
});

test("a color configuration in the project travels with its tables, and decides frames", async () => {
  await mkdir(farm.path("colors/luts"), { recursive: true });
  for (const name of ["config.ocio", "luts/film.cube", "notes.txt"]) await writeFile(farm.path(`colors/${name}`), name);
  useColors(farm.path("colors/config.ocio"));
  const node = await farm.start();
  const run = () => farm.run([node], { frames: "1-2" }).completed();
  expect(await run()).toMatchObject({ warnings: [], frames: 2 });
  const load = () => node.node.heard.findLast((message) => message.type === "job-load");
  expect(load()).toMatchObject({ colors: "colors/config.ocio" });
  const list = JSON.parse(String(node.node.blobs.get(load()?.files ?? "")));
  expect(list.files.map(({ path }: { path: string }) => path)).toEqual(["colors/config.ocio", "colors/luts/film.cube"]);

  await rm(farm.output);
  await writeFile(farm.path("colors/luts/film.cube"), "another look");
  expect(await run()).toMatchObject({ frames: 2, reused: 0 });
});

test("the artist's files are never changed", async () => {
  const before = await readFile(farm.path("tex/wood.png"));
  await farm.run([await startNode("north", ["tex/wood.png"])], { frames: "1-4", keepFrames: false }).completed();
  expect(await readFile(farm.path("tex/wood.png"))).toEqual(before);
});
