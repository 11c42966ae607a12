import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { digestOf } from "../../support/nodes/fake-node.ts";
import { ScriptedFarm } from "../../support/nodes/scripted-farm.ts";
import { makeBlankPng, makePng } from "../../support/png.ts";

vi.setConfig({ testTimeout: 30_000 });

const format = { width: 32, height: 24, depth: 8, colorMode: "RGB" } as const;
const nameOf = (frame: number) => `${String(frame).padStart(7, "0")}.png`;
let farm: ScriptedFarm;

beforeEach(async () => {
  farm = await ScriptedFarm.open();
});
afterEach(() => farm[Symbol.asyncDispose]());

test("a node that sends blank pictures is found out by another, and the video has the right ones", async () => {
  let release = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  const picture = (frame: number, honest: Buffer) =>
    frame === 4 || frame === 5 ? makeBlankPng(format, frame) : honest;
  const bad = await farm.start({ name: "bad", picture });
  const good = await farm.start({ name: "good", beforeFrame: (frame) => (frame < 4 || frame > 5 ? held : undefined) });
  const run = farm.run([bad, good], { frames: "1-10" });
  run.onEvent = (event) => {
    if (event.type === "frame:stored" && event.stored >= 8) release(); // until then the bad one gets nearly all
  };
  expect(await run.completed()).toMatchObject({ frames: 10, warnings: [] });
  const stored = run.all("frame:stored").filter(({ frame }) => frame === 4 || frame === 5);
  const blank = stored.filter(({ name }) => name === "bad");
  expect(blank.length).toBeGreaterThan(0);
  for (const { frame } of blank) expect(stored.findLast((event) => event.frame === frame)?.name).toBe("good");
  expect(run.all("frames:doubted").every(({ name }) => name === "bad")).toBe(true);
  expect((await farm.storedDigests())[nameOf(4)]).toBe(digestOf(makePng(format, 4)));
  expect((await farm.storedDigests())[nameOf(5)]).toBe(digestOf(makePng(format, 5)));
  expect(await farm.countFrames()).toBe(10);
});

test("a blank picture from the only node is rendered again by a new process of it", async () => {
  let blanks = 0;
  const picture = (frame: number, honest: Buffer) =>
    frame === 3 && blanks++ === 0 ? makeBlankPng(format, frame) : honest;
  const only = await farm.start({ name: "only", picture });
  const run = farm.run([only], { frames: "1-6" });
  expect(await run.completed()).toMatchObject({ frames: 6, warnings: [] });
  expect(run.all("frame:stored").filter(({ frame }) => frame === 3).length).toBe(2);
  expect(only.node.heard.filter(({ type }) => type === "frame-cancel").length).toBe(1); // which ends the slot's process
  expect((await farm.storedDigests())[nameOf(3)]).toBe(digestOf(makePng(format, 3)));
  expect(await farm.countFrames()).toBe(6);
});

test("a scene that fades to black costs one frame more, and says so", async () => {
  const only = await farm.start({
    name: "only",
    picture: (frame, honest) => (frame >= 4 && frame <= 7 ? makeBlankPng(format, frame) : honest),
  });
  const run = farm.run([only], { frames: "1-10" });
  const { warnings } = await run.completed();
  expect(warnings).toEqual(["Frames 4-7 are one flat colour (000000); frame 4 was rendered twice, and is"]);
  expect(run.all("frame:stored").length).toBe(11);
  expect(await farm.countFrames()).toBe(10);
});
