import { rm, writeFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { expect, test } from "vitest";
import { recordsIn, withLog } from "../../support/logged-run.ts";
import { ScriptedFarm, type ScriptedNode } from "../../support/nodes/scripted-farm.ts";

async function attemptsIn(farm: ScriptedFarm): Promise<Record<number, number>> {
  const records = await recordsIn(`${farm.output}.renderfarm`);
  return Object.fromEntries(records.map(({ frame, attempts }) => [frame, attempts]));
}

/** Counts the attempts that these nodes report as started, by frame. */
function countStarts(...nodes: readonly ScriptedNode[]): Record<number, number> {
  const starts: Record<number, number> = {};
  for (const { node } of nodes) {
    node.options.say = (message) => {
      if (message.type === "frame-started") starts[message.frame] = (starts[message.frame] ?? 0) + 1;
      return [message];
    };
  }
  return starts;
}

test("a frame that waited in a slot and was moved to another counts one attempt; a frame that failed counts more", async () => {
  await using farm = await ScriptedFarm.open();
  const slow = await farm.start({ name: "slow" });
  const fast = await farm.start({ name: "fast" });
  const starts = countStarts(slow, fast);
  slow.node.options.beforeFrame = () => delay(1_500);
  fast.node.options.beforeFrame = () => delay(50);
  let failures = 0;
  fast.node.options.fails = (frame) => (frame === 2 && failures++ === 0 ? {} : undefined);
  await withLog(farm.run([slow, fast], { frames: "1-8" }));

  const given = [slow, fast].flatMap(({ node }) => node.heard.filter((message) => message.type === "frame-assign"));
  const attempts = await attemptsIn(farm);
  const once = given.filter(({ frame }) => starts[frame] === 1).map(({ frame }) => frame);
  expect(once.length).toBeGreaterThan(new Set(once).size); // at least one of them was assigned twice
  for (const frame of once) expect(attempts[frame], `frame ${frame}`).toBe(1);
  expect(starts[2]).toBeGreaterThan(1);
  expect(attempts[2]).toBeGreaterThan(1);
});

test("attempts of earlier runs count: recorded ones, and those of a stored frame that was damaged later", async () => {
  await using farm = await ScriptedFarm.open();
  const node = await farm.start();
  let failures = 0;
  node.node.options.fails = (frame) => (frame === 2 && failures++ === 0 ? {} : undefined);
  const first = farm.run([node], { frames: "1-4" });
  await withLog(first, (event) => {
    if (event.type === "frame:requeued") first.stop.abort(new Error("stopped")); // before another attempt starts
  });
  const second = farm.run([node], { frames: "1-4" });
  await withLog(second);
  const startsOf = (wanted: number) =>
    [first, second].flatMap((run) => run.all("frame:started")).filter(({ frame }) => frame === wanted).length;
  expect(startsOf(2)).toBe(2);
  for (const record of await recordsIn(`${farm.output}.renderfarm`)) {
    expect(record.attempts, `frame ${record.frame}`).toBe(startsOf(record.frame));
  }

  await writeFile(`${farm.output}.renderfarm/frames/0000001.png`, "damaged");
  await withLog(farm.run([node], { frames: "1-4", overwrite: true }));
  const last = (await recordsIn(`${farm.output}.renderfarm`)).at(-1);
  expect(last).toMatchObject({ frame: 1, attempts: startsOf(1) + 1 });
});

test("without attempts.ndjson the record of a damaged frame still counts; after --fresh nothing earlier counts", async () => {
  await using farm = await ScriptedFarm.open();
  const node = await farm.start();
  await farm.run([node], { frames: "1-2" }).completed();
  await writeFile(`${farm.output}.renderfarm/frames/0000001.png`, "damaged");
  await rm(`${farm.output}.renderfarm/attempts.ndjson`);
  await farm.run([node], { frames: "1-2", overwrite: true }).completed();
  expect((await recordsIn(`${farm.output}.renderfarm`)).at(-1)).toMatchObject({ frame: 1, attempts: 2 });

  await withLog(farm.run([node], { frames: "1-2", overwrite: true, fresh: true }));
  expect(await attemptsIn(farm)).toEqual({ 1: 1, 2: 1 });
});
