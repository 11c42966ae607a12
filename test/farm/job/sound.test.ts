import { existsSync } from "node:fs";
import { readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { JobSettings } from "../../../src/config/job-settings.ts";
import { checkScene } from "../../../src/farm/check-scene.ts";
import type { FarmEvent } from "../../../src/farm/events.ts";
import { encodeFolder } from "../../../src/farm/output/encode-folder.ts";
import type { SceneSummary } from "../../../src/session/protocol.ts";
import { digestOf } from "../../support/nodes/fake-node.ts";
import { ScriptedFarm, type ScriptedNode } from "../../support/nodes/scripted-farm.ts";
import { clickIn, codecsIn, writeClick } from "../../support/sound.ts";

vi.setConfig({ testTimeout: 60_000 });

let farm: ScriptedFarm;
beforeEach(async () => {
  farm = await ScriptedFarm.open();
});
afterEach(() => farm[Symbol.asyncDispose]());

type Answer = "sound" | "lost" | "error" | "cut";

/**
 * A node whose scene has a click at this frame; "lost" loses its link when it is asked for sound, and the disk of "cut" is
 * full.
 */
async function startNode(
  name: string,
  {
    clickAt = 10,
    answer = "sound" as Answer,
    ...scene
  }: Partial<SceneSummary> & {
    clickAt?: number;
    answer?: Answer;
  } = {},
): Promise<ScriptedNode> {
  const own = { sound: true, frameStart: 1, frameEnd: 48, colorMode: "RGB" as const, ...scene };
  const started = await farm.start({ name, scene: own });
  const { node, server } = started;
  const { fps = 24, fpsBase = 1 } = scene;
  node.options.onMessage = (message, conversation) => {
    if (message.type !== "job-mix") return false;
    const mix = async () => {
      if (answer === "lost") return server.cut();
      const { number, firstFrame, lastFrame } = message;
      const error = { code: "UNSUPPORTED", message: "it cannot", hint: "", log: [] };
      if (answer === "error") return await conversation.send({ type: "job-mixed", number, sound: null, error });
      const path = farm.path(`${name}-${firstFrame}.flac`);
      const seconds = (frames: number) => (frames * fpsBase) / fps;
      await writeClick(path, seconds(clickAt - firstFrame), seconds(lastFrame - firstFrame + 1));
      const whole = await readFile(path);
      const bytes = answer === "cut" ? whole.subarray(0, whole.length / 2) : whole;
      const sound = { sha256: digestOf(bytes), sizeBytes: bytes.length };
      node.blobs.set(sound.sha256, bytes);
      await conversation.send({ type: "job-mixed", number, sound, error: null });
    };
    void mix();
    return true;
  };
  return started;
}

/** One frame of AAC, the longest piece of any codec here. */
const onePiece = 1024 / 48_000;

describe("a click at frame 20 is heard when that frame is shown", () => {
  test.each<
    [what: string, file: string, codecs: string[], settings: Partial<JobSettings>, scene: Partial<SceneSummary>]
  >([
    ["in mp4, with negative frames before it", "a.mp4", ["h264", "aac"], { frames: "-6-24" }, {}],
    ["in mov, in a range that begins later", "a.mov", ["prores", "aac"], { frames: "15-30" }, {}],
    ["in webm, at 60 fps", "a.webm", ["vp9", "opus"], { frames: "3-40" }, { fps: 60 }],
    ["in mkv, at 23.976", "a.mkv", ["h264", "opus"], {}, { fps: 24, fpsBase: 1.001 }],
    ["where a picture stands for two frames", "a.mp4", ["h264", "aac"], { frames: "2-30x2", fps: "12" }, {}],
    ["in lossless mkv", "a.mkv", ["ffv1", "flac"], { codec: "ffv1" }, {}],
  ])("%s", async (_, file, codecs, settings, scene) => {
    const node = await startNode("north", { clickAt: 20, ...scene });
    const output = farm.path(file);
    const run = farm.run([node], { output, frames: "1-30", ...settings });
    const { warnings } = await run.completed();
    expect(warnings).toEqual([]);
    expect(await codecsIn(output)).toEqual(codecs);
    const first = Number(/^-?\d+/.exec(settings.frames ?? "1-30")?.[0]);
    const expected = ((20 - first) * (scene.fpsBase ?? 1)) / (scene.fps ?? 24);
    expect(Math.abs((await clickIn(output)) - expected)).toBeLessThanOrEqual(onePiece);
  });
});

test("a node that is lost while it mixes does not cost the sound: another one does it", async () => {
  const nodes = [await startNode("north", { answer: "lost" }), await startNode("south")];
  await farm.run(nodes, { frames: "1-30" }).completed();
  expect(await codecsIn(farm.output)).toEqual(["h264", "aac"]);
});

test("a sound that is cut short by a full disk is not taken: another node mixes it, or that it is missing is said", async () => {
  const nodes = [await startNode("north", { answer: "cut" }), await startNode("south")];
  const { warnings } = await farm.run(nodes, { frames: "1-48" }).completed();
  expect(warnings).toEqual([]);
  expect(Math.abs((await clickIn(farm.output)) - 9 / 24)).toBeLessThanOrEqual(onePiece);

  const output = farm.path("silent.mp4");
  const alone = await farm.run(nodes.slice(0, 1), { frames: "1-48", output }).completed();
  const why = /^The output has no sound: what north mixed down is damaged: .*; perhaps its disk is full$/;
  expect(alone.warnings).toEqual([expect.stringMatching(why)]);
  expect(await codecsIn(output)).toEqual(["h264"]);
  expect(await readdir(join(`${output}.renderfarm`, "sound"))).toEqual([]);
});

test("what cannot be mixed is said, and the video is made", async () => {
  const node = await startNode("north", { answer: "error" });
  const { warnings } = await farm.run([node], { frames: "1-12" }).completed();
  expect(warnings).toEqual(["The output has no sound: it cannot"]);
  expect(await codecsIn(farm.output)).toEqual(["h264"]);
});

test.each<[string, Partial<JobSettings>, string, RegExp]>([
  ["frames have gaps", { frames: "1-9x2" }, "a.mp4", /gaps/],
  ["the speed is another", { frames: "1-9", fps: "30" }, "a.mp4", /--fps/],
  ["the output is a GIF", { frames: "1-4" }, "a.gif", /a GIF has none/],
  ["the output is pictures", { frames: "1-4" }, "pictures/f_####.png", /pictures have none; .*--audio wav/],
  ["all frames are negative", { frames: "-9--4" }, "a.mp4", /below 0/],
])("that the sound is dropped is said if %s", async (_, settings, file, why) => {
  const node = await startNode("north");
  const { warnings } = await farm.run([node], { output: farm.path(file), ...settings }).completed();
  expect(warnings).toEqual([expect.stringMatching(why)]);
  expect(node.node.heard.filter(({ type }) => type === "job-mix")).toEqual([]);
});

/** A sound file that neither the node nor this machine has. */
const voice = { kind: "sound", path: "//voice.wav", missing: true, visible: false, audible: true };

test("a sound that is missing is an error before anything is rendered, where it would be heard", async () => {
  const node = await startNode("north");
  node.node.options.sceneInfo = { references: [voice] };
  const refused = farm.run([node], { frames: "1-4" });
  await expect(refused.result).rejects.toMatchObject({
    code: "FARM_FILES_MISSING",
    message: expect.stringContaining("voice.wav"),
  });
  expect(node.node.rendered).toEqual([]);
  const { warnings } = await farm.run([node], { frames: "1-4", missing: "warn" }).completed();
  expect(warnings).toContainEqual("//voice.wav is missing, and cannot be heard");
  for (const settings of [{ audio: "off" }, { output: farm.path("pictures/f_####.png") }]) {
    await farm.run([node], { frames: "1-4", overwrite: true, ...settings }).completed();
  }
});

test("check lists the sounds of a scene as a video needs them", async () => {
  const node = await startNode("north");
  node.node.options.sceneInfo = { references: [voice, { ...voice, path: "//muted.wav", audible: false }] };
  const { output: _, ...request } = farm.requestFor([node]);
  const { files, error } = await checkScene(request);
  expect(files.map(({ path, state }) => [path, state])).toEqual([
    ["//voice.wav", "missing"],
    ["//muted.wav", "unneeded"],
  ]);
  expect(error).toMatchObject({ code: "FARM_FILES_MISSING" });
});

test("encode says why there is no sound, if the render had a file of the user's", async () => {
  const node = await startNode("north");
  const music = farm.path("music.wav");
  await writeClick(music, 0.1, 1);
  const said = async (audio: string) => {
    const output = farm.path(`${audio.length}.mp4`);
    await farm.run([node], { frames: "1-4", audio, output }).completed();
    const told: string[] = [];
    const onEvent = (event: FarmEvent) => void (event.type === "warning" && told.push(event.message));
    const options = { output: farm.path(`${audio.length}-again.mkv`), overwrite: false, onEvent };
    await encodeFolder(`${output}.renderfarm`, { ...options, signal: AbortSignal.timeout(60_000) });
    return told;
  };
  expect(await said("off")).toEqual([]);
  expect(await said(music)).toEqual([expect.stringMatching(/took it from a file/)]);
});

test("--audio off takes none, and says nothing", async () => {
  const node = await startNode("north");
  const { warnings } = await farm.run([node], { frames: "1-4", audio: "off" }).completed();
  expect(warnings).toEqual([]);
  expect(await codecsIn(farm.output)).toEqual(["h264"]);
  expect(node.node.heard.filter(({ type }) => type === "job-mix")).toEqual([]);
});

test("--audio FILE takes that sound, from the first picture on and as long as the pictures", async () => {
  const node = await startNode("north");
  const audio = farm.path("music.wav");
  await writeClick(audio, 0.25, 9);
  await farm.run([node], { frames: "5-28", audio }).completed();
  expect(Math.abs((await clickIn(farm.output)) - 0.25)).toBeLessThanOrEqual(onePiece);
  expect(node.node.heard.filter(({ type }) => type === "job-mix")).toEqual([]);
});

test.each([
  ["a file without sound", "scene.blend", "out.mp4", /Cannot take the sound from/],
  ["a file that does not exist", "none.wav", "out.mp4", /Cannot take the sound from/],
  ["a file for pictures", "scene.blend", "f_####.png", /pictures or a GIF/],
])("--audio with %s is refused before anything is rendered", async (_, audio, output, message) => {
  const node = await startNode("north");
  const run = farm.run([node], { audio: farm.path(audio), output: farm.path(output) });
  await expect(run.result).rejects.toMatchObject({ code: "FARM_BAD_INPUT", message: expect.stringMatching(message) });
  expect(node.node.rendered).toEqual([]);
});

test("--audio wav also writes it beside a video, and beside pictures", async () => {
  const node = await startNode("north", { clickAt: 4 });
  await farm.run([node], { frames: "1-12", audio: "wav" }).completed();
  expect(Math.abs((await clickIn(farm.path("out.wav"))) - 3 / 24)).toBeLessThanOrEqual(onePiece);
  expect(await codecsIn(farm.output)).toEqual(["h264", "aac"]);

  const pictures = { output: farm.path("pictures/f_####.png"), frames: "1-12", audio: "wav" };
  await farm.run([node], pictures).completed();
  expect(await codecsIn(farm.path("pictures/f.wav"))).toEqual(["pcm_s16le"]);

  const again = farm.run([node], { ...pictures, output: farm.path("pictures/g_####.png") });
  await again.completed();
  const taken = farm.run([node], { frames: "1-12", audio: "wav", output: farm.path("out.mov") });
  await expect(taken.result).rejects.toMatchObject({
    code: "FARM_OUTPUT_EXISTS",
    hint: expect.stringContaining("--audio"),
  });
});

test("the sound of an earlier run is used without a node, by the same command and by encode", async () => {
  const node = await startNode("north", { clickAt: 4 });
  await farm.run([node], { frames: "1-12" }).completed();
  await rm(farm.output);
  await node.server[Symbol.asyncDispose]();
  await farm.run([node], { frames: "1-12" }).completed();
  expect(await codecsIn(farm.output)).toEqual(["h264", "aac"]);

  const output = farm.path("again.mkv");
  const events: unknown[] = [];
  const options = { output, overwrite: false, onEvent: (event: unknown) => void events.push(event) };
  await encodeFolder(`${farm.output}.renderfarm`, { ...options, signal: AbortSignal.timeout(60_000) });
  expect(await codecsIn(output)).toEqual(["h264", "opus"]);
  expect(Math.abs((await clickIn(output)) - 3 / 24)).toBeLessThanOrEqual(onePiece);
  expect(events).not.toContainEqual(expect.objectContaining({ type: "warning" }));
});

test("without --keep-frames, nothing of the sound is left in the job folder", async () => {
  const node = await startNode("north");
  await farm.run([node], { frames: "1-4", keepFrames: false }).completed();
  expect(existsSync(join(`${farm.output}.renderfarm`, "sound"))).toBe(false);
  expect(await readdir(farm.path(""))).not.toContainEqual(expect.stringMatching(/\.part$/));
});

test("a wav of a scene in which nothing can be heard is told, and not written", async () => {
  const silent = await farm.start({ scene: { sound: false } });
  const { warnings } = await farm.run([silent], { audio: "wav" }).completed();
  expect(warnings).toEqual(["The output has no sound: nothing in the scene can be heard"]);
  expect(existsSync(farm.path("out.wav"))).toBe(false);
});
