import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { JobSettings } from "../../src/config/job-settings.ts";
import { range, ScriptedFarm, type ScriptedNode } from "../support/nodes/scripted-farm.ts";

/** Stops a run after some frames, so that a second one can continue. @returns How many frames are stored */
async function halfAJob(farm: ScriptedFarm, node: ScriptedNode, settings: Partial<JobSettings> = {}): Promise<number> {
  const run = farm.run([node], { frames: "1-8", ...settings });
  run.onEvent = (event) => {
    if (event.type === "frame:stored" && event.stored === 4) run.stop.abort(new Error("enough"));
  };
  expect(await run.result).toMatchObject({ type: "interrupted" });
  return (await farm.recordedFrames()).length;
}

/** Frames that were set aside, by folder. */
async function framesAside(farm: ScriptedFarm): Promise<string[][]> {
  const names = await readdir(`${farm.output}.renderfarm`);
  const folders = names.filter((name) => name.startsWith("frames."));
  const lists = folders.filter((name) => !name.endsWith("ndjson")).sort();
  return Promise.all(lists.map((name) => readdir(join(`${farm.output}.renderfarm`, name))));
}

const changes: [what: string, change: (farm: ScriptedFarm) => Promise<Partial<JobSettings>>][] = [
  [
    "the blendfile was edited",
    async (farm) => {
      await writeFile(farm.blend, "BLENDER-v304REND another scene");
      return {};
    },
  ],
  ["another scene of it is rendered", async () => ({ scene: "Scene" })],
  ["another Blender renders", async () => ({ blenderVersion: "3.4.1", mixVersions: true })],
  ["--fresh asks for it", async () => ({ fresh: true })],
];

test.each(changes)(
  "no stored frame is used again if %s: the reason is reported, and the old frames are set aside",
  async (_, change) => {
    await using farm = await ScriptedFarm.open();
    const node = await farm.start();
    const stored = await halfAJob(farm, node);
    expect(stored).toBeGreaterThanOrEqual(4);

    const second = farm.run([node], { frames: "1-8", ...(await change(farm)) });

    expect(await second.completed()).toMatchObject({ reused: 0, frames: 8 });
    expect(second.all("job:restarted")).toMatchObject([{ reason: expect.stringContaining(`${stored} old frames`) }]);
    expect(second.all("frame:stored").length).toBe(8);
    const [aside, ...others] = await framesAside(farm);
    expect(others).toEqual([]);
    expect(aside?.filter((name) => name.endsWith(".png")).length).toBe(stored);
    expect(aside).toContain("frames.ndjson");
    await farm.expectFilm(range(1, 8));
  },
);

const harmless: [what: string, settings: Partial<JobSettings>, frames: number][] = [
  ["a longer range", { frames: "1-12" }, 12],
  ["another rate", { frames: "1-8", fps: "30" }, 8],
  ["another order", { frames: "1-8", order: "reverse" }, 8],
  ["another quality", { frames: "1-8", crf: 30 }, 8],
];

test.each(harmless)("%s changes no pixel: stored frames are used again", async (_, settings, frames) => {
  await using farm = await ScriptedFarm.open();
  const node = await farm.start();
  const stored = await halfAJob(farm, node);
  const second = farm.run([node], settings);
  expect(await second.completed()).toMatchObject({ reused: stored, frames });
  expect(second.all("job:restarted")).toEqual([]);
  await farm.expectFilm(range(1, frames));
});

test("the artist saves the blendfile while the job runs: a node that joins late gets the original file", async () => {
  await using farm = await ScriptedFarm.open();
  const early = await farm.start({ name: "early" });
  const late = await farm.start({ name: "late" });
  const before = await readFile(farm.blend);
  let isHere = false;
  late.node.options.onMessage = (message) => message.type === "job-open" && !isHere;
  early.node.options.beforeFrame = async (frame) => {
    if (frame !== 4) return;
    await writeFile(farm.blend, "BLENDER-v304REND saved again");
    isHere = true;
    late.server.cut();
    await lateRenders;
  };
  const run = farm.run([early, late], { frames: "1-8" });
  const lateRenders = new Promise<void>((resolve) => {
    run.onEvent = (event) => event.type === "frame:rendered" && event.name === "late" && resolve();
  });
  const result = await run.completed();
  expect(result.nodes.map(({ name }) => name)).toContain("late");
  expect([...late.node.blobs.values()]).toEqual([before]);
  await farm.expectFilm(range(1, 8));
});

test("a stored frame that was damaged or emptied between runs is rendered again", async () => {
  await using farm = await ScriptedFarm.open();
  const node = await farm.start();
  const stored = await halfAJob(farm, node);
  const folder = `${farm.output}.renderfarm/frames`;
  const first = join(folder, "0000001.png");
  const bytes = await readFile(first);
  bytes[bytes.length - 30] = (bytes[bytes.length - 30] ?? 0) ^ 1;
  await writeFile(first, bytes);
  await writeFile(join(folder, "0000002.png"), "");
  await writeFile(join(folder, "0000012.png"), bytes); // never recorded
  const rendered = node.node.rendered.length;
  expect(await farm.run([node], { frames: "1-8" }).completed()).toMatchObject({ reused: stored - 2 });
  const again = node.node.rendered.slice(rendered);
  expect(again).toEqual(expect.arrayContaining([1, 2]));
  expect(Object.keys(await farm.storedDigests()).length).toBe(8);
});
