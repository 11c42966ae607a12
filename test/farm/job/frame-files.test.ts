import { mkdir, writeFile } from "node:fs/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { FromCoordinator, Reference } from "../../../src/session/protocol.ts";
import { digestOf, type FakeNode, type FakeNodeOptions } from "../../support/nodes/fake-node.ts";
import { range, ScriptedFarm } from "../../support/nodes/scripted-farm.ts";

const frames = range(1, 40);
const pathOf = (frame: number) => `tex/wall.${String(frame).padStart(4, "0")}.png`;
const picture = (frame: number) =>
  Buffer.concat([Buffer.from("89504e470d0a1a0a", "hex"), Buffer.from(`wall ${frame}`)]);

let farm: ScriptedFarm;

beforeEach(async () => {
  farm = await ScriptedFarm.open();
  await writeFile(farm.blend, `BLENDER-v304\0//${pathOf(1)}\0`);
  await mkdir(farm.path("tex"));
  for (const frame of frames) await writeFile(farm.path(pathOf(frame)), picture(frame));
});
afterEach(() => farm[Symbol.asyncDispose]());

/** Starts a node whose scene shows one picture of a sequence in each frame, and which has none of them yet. */
async function startNode(name: string, options: FakeNodeOptions = {}) {
  const started = await farm.start({ name, ...options });
  started.node.options.say = (message) => {
    if (message.type !== "job-loaded") return [message];
    const numbers = { start: 1, length: 40, offset: 0, repeat: "hold" as const, margin: 0, opening: [1] };
    const reference: Reference = {
      ...{ kind: "image", path: `//${pathOf(1)}`, at: pathOf(1), form: "sequence", numbers: [numbers] },
      missing: listed(started.node) === undefined,
    };
    return [{ ...message, scene: { ...message.scene, references: [reference] } }];
  };
  return started;
}

type Heard<T extends FromCoordinator["type"]> = Extract<FromCoordinator, { type: T }>;
const heard = <T extends FromCoordinator["type"]>(node: FakeNode, type: T) =>
  node.heard.filter((message): message is Heard<T> => message.type === type);

/** The list of files with which the node was last told to open the blendfile. */
function listed(node: FakeNode): { files: { path: string }[]; later: string[] } | undefined {
  const list = node.blobs.get(heard(node, "job-load").at(-1)?.files ?? "");
  return list === undefined ? undefined : JSON.parse(list.toString());
}

/** Frames that were assigned before the node was told to put their pictures in place, since the given message. */
function assignedTooEarly(node: FakeNode, since = 0): number[] {
  const there = new Set(listed(node)?.files.map(({ path }) => path));
  return node.heard.slice(since).flatMap((message) => {
    if (message.type === "project-add") for (const { path } of message.files) there.add(path);
    return message.type === "frame-assign" && !there.has(pathOf(message.frame)) ? [message.frame] : [];
  });
}

test("a node renders as soon as it has the pictures of its next frames, and gets the others before their frames", async () => {
  const north = await startNode("north");
  let atFirst = 0;
  north.node.options.beforeFrame = () => {
    atFirst ||= [...frames].filter((frame) => north.node.blobs.has(digestOf(picture(frame)))).length;
    return undefined;
  };
  expect(await farm.run([north], { frames: "1-40" }).completed()).toMatchObject({ frames: 40 });

  expect(listed(north.node)?.files.map(({ path }) => path)).toEqual([pathOf(1)]); // shown when it is opened
  expect(listed(north.node)?.later.sort()).toEqual(frames.slice(1).map(pathOf));
  expect(assignedTooEarly(north.node)).toEqual([]);
  expect(atFirst).toBeLessThan(40);
  expect(heard(north.node, "project-add").flatMap(({ files }) => files).length).toBe(39);
});

test("each of two nodes has the picture of a frame before it gets the frame", async () => {
  const nodes = [await startNode("north"), await startNode("south")];
  await farm.run(nodes, { frames: "1-40" }).completed();
  for (const { node } of nodes) expect(assignedTooEarly(node)).toEqual([]);
});

test("a node whose link breaks gets the pictures of its frames again before these", async () => {
  const north = await startNode("north");
  let again = 0;
  north.node.options.onMessage = (message, conversation) => {
    if (message.type !== "frame-assign" || heard(north.node, "frame-assign").length < 5 || again > 0) return false;
    again = north.node.heard.length;
    void conversation.link.close(1001, "");
    return true;
  };
  expect(await farm.run([north], { frames: "1-40" }).completed()).toMatchObject({ frames: 40 });
  expect(again).toBeGreaterThan(0);
  expect(assignedTooEarly(north.node, again)).toEqual([]);
});

test("a picture that changes before its turn is not used, and the job says which", async () => {
  const north = await startNode("north");
  let letGo = () => {};
  const isChanged = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  north.node.options.beforeFrame = (frame) => (frame === frames[0] ? isChanged : undefined);
  const run = farm.run([north], { frames: "1-40", keepBytes: 0 });
  run.onEvent = async (event) => {
    if (event.type !== "node:joined") return;
    await writeFile(farm.path(pathOf(40)), "another picture");
    letGo();
  };
  await expect(run.result).rejects.toMatchObject({ message: expect.stringContaining("wall.0040.png") });
  expect(north.node.blobs.has(digestOf(Buffer.from("another picture")))).toBe(false);
});
