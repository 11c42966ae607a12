import { expect, test } from "vitest";
import { range, ScriptedFarm, type ScriptedNode } from "../support/nodes/scripted-farm.ts";
import { waitFor } from "../support/wait-for.ts";

/** Resolves when `open` is called. */
function gate(): { readonly passed: Promise<void>; open(): void } {
  let open = () => {};
  const passed = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { passed, open };
}

function fetches(node: ScriptedNode, frame: number): number {
  return node.node.heard.filter((message) => message.type === "result-fetch" && message.frame === frame).length;
}

test("a result that is reported twice is fetched and stored once, and no node is blamed", async () => {
  await using farm = await ScriptedFarm.open();
  const stutterer = await farm.start({
    name: "stutterer",
    say: (message) => (message.type === "frame-rendered" ? [message, message] : [message]),
  });
  const run = farm.run([stutterer], { frames: "1-8" });
  expect(await run.completed()).toMatchObject({ frames: 8 });
  for (const frame of range(1, 8)) expect(fetches(stutterer, frame)).toBe(1);
  expect(run.all("node:barred")).toEqual([]);
  expect(run.all("frame:requeued")).toEqual([]);
  await farm.expectFilm(range(1, 8));
});

test("a result whose frame was stored from another node meanwhile is dropped without blame", async () => {
  await using farm = await ScriptedFarm.open();
  const slow = await farm.start({ name: "slow" });
  const quick = await farm.start({ name: "quick" });
  const storedElsewhere = gate();
  const isAnswered = gate();
  let lateFrame: number | undefined;
  slow.node.options.beforeFrame = async (frame) => {
    if (lateFrame !== undefined) return;
    lateFrame = frame;
    slow.server.cut(); // its frame is queued again, and it continues rendering
    await storedElsewhere.passed;
    const jobOpens = () => slow.node.heard.filter(({ type }) => type === "job-open").length;
    await waitFor(() => jobOpens() > 1, "the slow node to be in the job again");
  };
  slow.node.options.onMessage = (message) => {
    if (message.type === "result-release" && message.frame === lateFrame) isAnswered.open();
    return message.type === "frame-cancel"; // it is ignored: the result is already on its way
  };
  quick.node.options.beforeFrame = (frame) => (frame === 8 ? isAnswered.passed : undefined);
  const run = farm.run([slow, quick], { frames: "1-8" });
  run.onEvent = (event) => {
    if (event.type === "frame:stored" && event.frame === lateFrame) storedElsewhere.open();
  };

  expect(await run.completed()).toMatchObject({ frames: 8 });

  expect(run.all("frame:stored").filter(({ frame }) => frame === lateFrame)).toMatchObject([{ name: "quick" }]);
  expect(slow.node.rendered).toContain(lateFrame);
  expect(run.all("node:barred")).toEqual([]);
  await farm.expectFilm(range(1, 8));
});

test("a frame rendered while the link was lost is stored when the node comes back, and not rendered again", async () => {
  await using farm = await ScriptedFarm.open();
  const away = await farm.start({ name: "away" });
  const cut = gate();
  away.node.options.beforeFrame = async (frame) => {
    if (frame !== 3 || away.node.links > 1) return;
    away.server.cut();
    cut.open();
    await waitFor(() => away.node.conversation === undefined, "the link to end"); // so nobody hears of the result
  };
  const run = farm.run([away], { frames: "1-8" });
  expect(await run.completed()).toMatchObject({ frames: 8 });
  expect(run.all("node:lost").length).toBe(1);
  expect(away.node.rendered.filter((frame) => frame === 3)).toEqual([3]);
  await farm.expectFilm(range(1, 8));
});

test("the result of an older attempt is stored while a second attempt runs, which is cancelled", async () => {
  await using farm = await ScriptedFarm.open();
  const first = await farm.start({ name: "first" });
  const second = await farm.start({ name: "second" });
  const wait = gate();
  let isAway = false;
  let lostFrame: number | undefined;
  first.node.options.beforeFrame = async (frame) => {
    if (frame < 3 || isAway) return;
    isAway = true;
    lostFrame = frame;
    first.server.cut(); // its frame is given to the second node at once
  };
  second.node.options.beforeFrame = (frame) => (frame === lostFrame ? wait.passed : undefined);
  const run = farm.run([first, second], { frames: "1-8" });
  const secondHas = gate();
  run.onEvent = (event) => {
    if (event.type === "frame:started" && event.frame === lostFrame && event.name === "second") secondHas.open();
    if (event.type === "frame:stored" && event.frame === lostFrame) wait.open();
  };
  const result = await run.completed();
  expect(lostFrame).toBeDefined();
  const stored = run.all("frame:stored").filter(({ frame }) => frame === lostFrame);
  expect(stored).toMatchObject([{ name: "first" }]);
  expect(run.all("node:barred")).toEqual([]);
  expect(result.frames).toBe(8);
  await farm.expectFilm(range(1, 8));
});
