import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { JobSettings } from "../../../src/config/job-settings.ts";
import { systemClock } from "../../../src/core/clock.ts";
import type { JobQuestions } from "../../../src/farm/job/job-context.ts";
import type { FromCoordinator, FromNode } from "../../../src/session/protocol.ts";
import { digestOf, type FakeNode } from "../../support/nodes/fake-node.ts";
import { range, ScriptedFarm } from "../../support/nodes/scripted-farm.ts";

vi.setConfig({ testTimeout: 60_000 });

const cloth = { kind: "cloth", owner: "Object 'Flag'" };
const copy = Buffer.from("BLENDER-v304 with a bake");
const baked = { sha256: digestOf(copy), sizeBytes: copy.length };
const error = { code: "UNSUPPORTED", message: "baked, frame 2 is not as in the played scene", hint: "", log: [] };

let farm: ScriptedFarm;
beforeEach(async () => {
  farm = await ScriptedFarm.open();
});
afterEach(async () => {
  vi.restoreAllMocks();
  await farm[Symbol.asyncDispose]();
});

type Loads = Extract<FromCoordinator, { type: "job-load" }>;
const loads = (node: FakeNode) => node.heard.filter((message): message is Loads => message.type === "job-load");

/** Starts a node whose scene has a cloth that is not baked, unless it opens the copy; it answers how it is told. */
async function startNode(name: string, answer: Pick<Extract<FromNode, { type: "job-baked" }>, "blend" | "error">) {
  const started = await farm.start({ name });
  const { node } = started;
  node.options.onMessage = (message, conversation) => {
    if (message.type !== "job-bake") return false;
    for (const fraction of [0.25, 0.5]) void conversation.send({ type: "bake-progress", fraction });
    if (answer.blend !== null) node.blobs.set(baked.sha256, copy);
    void conversation.send({ type: "job-baked", number: message.number, ...answer });
    return true;
  };
  node.options.say = (message) => {
    if (message.type !== "job-loaded") return [message];
    const simulations = loads(node).at(-1)?.blend === baked.sha256 ? [] : [cloth];
    return [{ ...message, scene: { ...message.scene, simulations } }];
  };
  return started;
}

test("one node bakes, all render the copy, and a longer run bakes nothing again", async () => {
  const nodes = [
    await startNode("north", { blend: baked, error: null }),
    await startNode("south", { blend: baked, error: null }),
  ];
  const run = farm.run(nodes, { frames: "1-8", bakeLimit: 90_000 });
  expect(await run.completed()).toMatchObject({ frames: 8, warnings: [] });
  const asked = nodes.flatMap(({ node }) => node.heard.filter(({ type }) => type === "job-bake"));
  expect(asked).toMatchObject([{ limitSeconds: 90 }]);
  expect(run.all("bake:progressed")).toMatchObject([
    { fraction: 0.25, etaMs: null },
    { fraction: 0.5, etaMs: expect.any(Number) },
  ]);
  expect(run.all("bake:ended")).toMatchObject([{ why: null }]);
  for (const { node } of nodes) expect(loads(node).at(-1)?.blend).toBe(baked.sha256);
  await farm.expectFilm(range(1, 8));

  const longer = farm.run(nodes, { frames: "1-10", overwrite: true });
  expect(await longer.completed()).toMatchObject({ frames: 10, reused: 8 });
  expect(longer.all("bake:started")).toEqual([]);
  expect(loads(nodes[0]?.node as FakeNode).at(-1)?.blend).toBe(baked.sha256);
});

test("with scripts allowed, a copy in the job folder is not used: whoever made it could run programs on the nodes", async () => {
  const node = await startNode("north", { blend: baked, error: null });
  await farm.run([node], { frames: "1-4" }).completed();
  await farm.run([node], { frames: "1-6", overwrite: true, allowScripts: true }).completed();
  expect(loads(node.node).at(-1)?.blend).toBe(digestOf(await readFile(farm.blend)));
});

test("an earlier bake is used only if it was compared as this run renders the scene, but for noise and time", async () => {
  const node = await startNode("north", { blend: baked, error: null });
  const bakes = async (settings: Partial<JobSettings>) => {
    const run = farm.run([node], { frames: "1-2", overwrite: true, ...settings });
    await run.completed();
    return run.all("bake:started").length;
  };
  expect(await bakes({ simplify: 2, resolution: { percent: 50 } })).toBe(1);
  expect(await bakes({ simplify: 2, resolution: { percent: 50 }, samples: 4, seed: 1, threads: 1, timeLimit: 9 })).toBe(
    0,
  );
  expect(await bakes({ simplify: 2, resolution: { percent: 100 } })).toBe(1);
  expect(await bakes({ simplify: 1, resolution: { percent: 100 } })).toBe(1);
  for (const changed of [
    {},
    { camera: "Left" },
    { viewLayer: "Sky" },
    { engine: "CYCLES" },
    { transparent: true },
  ] as const) {
    expect(await bakes(changed)).toBe(1);
    expect(await bakes(changed)).toBe(0);
  }
});

test("a damaged record of a bake is no bake", async () => {
  const node = await startNode("north", { blend: baked, error: null });
  await farm.run([node], { frames: "1-4" }).completed();
  await writeFile(join(`${farm.output}.renderfarm`, "baked.json"), '{"source":');
  const longer = farm.run([node], { frames: "1-6", overwrite: true });
  expect(await longer.completed()).toMatchObject({ frames: 6, reused: 4 });
  expect(longer.all("bake:ended")).toMatchObject([{ why: null }]);
});

test("a bake is made again, once, if files that the scene uses have changed since", async () => {
  const node = await startNode("north", { blend: baked, error: null });
  const say = node.node.options.say;
  let files = "a".repeat(64);
  node.node.options.say = (message) =>
    (say?.(message) ?? []).map((each) =>
      each.type === "job-loaded" ? { ...each, scene: { ...each.scene, files } } : each,
    );
  await farm.run([node], { frames: "1-4" }).completed();
  files = "b".repeat(64);
  const later = farm.run([node], { frames: "1-4", overwrite: true });
  expect(await later.completed()).toMatchObject({ frames: 4, reused: 0 });
  expect(later.all("bake:ended")).toMatchObject([{ why: null }]);
  const last = farm.run([node], { frames: "1-6", overwrite: true });
  expect(await last.completed()).toMatchObject({ frames: 6, reused: 4 });
  expect(last.all("bake:ended")).toEqual([]);
});

test("what the node cannot bake is played, with the reason", async () => {
  const node = await startNode("north", { blend: null, error });
  const run = farm.run([node], { frames: "1-4" });
  const { warnings } = await run.completed();
  expect(run.all("bake:ended")).toMatchObject([{ why: error.message }]);
  expect(warnings).toEqual([expect.stringMatching(/^Not baked: cloth \(Object 'Flag'\): each node plays them/)]);
  const blend = digestOf(await readFile(farm.blend));
  expect(loads(node.node).map((load) => [load.blend, load.simulations])).toEqual([
    [blend, "play"],
    [blend, "play"],
  ]);
});

test("a copy with another digest than the node says is not used", async () => {
  const node = await startNode("north", { blend: { ...baked, sha256: "0".repeat(64) }, error: null });
  node.node.blobs.set("0".repeat(64), copy);
  const run = farm.run([node], { frames: "1-4" });
  await run.completed();
  expect(run.all("bake:ended")).toMatchObject([{ why: "the node does not have it any more" }]);
});

/** A node whose link is lost so many times when it is asked to bake. */
async function startLosing(name: string, times: number) {
  const started = await startNode(name, { blend: baked, error: null });
  const answer = started.node.options.onMessage;
  let left = times;
  started.node.options.onMessage = (message, conversation) => {
    if (message.type !== "job-bake" || left === 0) return answer?.(message, conversation);
    left -= 1;
    started.server.cut();
    return true;
  };
  return started;
}

test("a link that is lost while its node bakes does not cost the bake: it is tried again", async () => {
  const undisturbed = farm.run([await startNode("south", { blend: baked, error: null })], {
    ...{ frames: "1-4", output: farm.path("other.mp4") },
  });
  await undisturbed.completed();
  const node = await startLosing("north", 1);
  const run = farm.run([node], { frames: "1-4" });
  expect(await run.completed()).toMatchObject({ frames: 4 });
  const lost = { why: expect.stringContaining("connection"), again: true };
  expect(run.all("bake:ended")).toMatchObject([lost, { why: null, again: false }]);
  expect(run.all("bake:progressed").length).toBe(undisturbed.all("bake:progressed").length);
  expect(loads(node.node).at(-1)?.blend).toBe(baked.sha256);
});

test("if links are lost again and again, the bake may be the reason, and the scene is played", async () => {
  const node = await startLosing("north", 9);
  const run = farm.run([node], { frames: "1-4" });
  expect(await run.completed()).toMatchObject({ frames: 4 });
  expect(run.all("bake:ended").map(({ again }) => again)).toEqual([true, true, false]);
  expect(loads(node.node).at(-1)).toMatchObject({ simulations: "play" });
});

/** Runs a job on a node of whose bake a ten-thousandth is done after some seconds, and which then waits for `finish`. */
async function runLongBake(settings: Partial<JobSettings>, questions: JobQuestions = {}) {
  const { node, server } = await startNode("north", { blend: baked, error: null });
  const answer = node.options.onMessage;
  let finish: () => unknown = () => {};
  node.options.onMessage = (message, conversation) => {
    if (message.type !== "job-bake") return answer?.(message, conversation);
    void conversation.send({ type: "bake-progress", fraction: 0 });
    finish = () => answer?.(message, conversation);
    return true;
  };
  const run = farm.run([{ node, server }], { frames: "1-4", ...settings }, questions);
  run.onEvent = (event) => {
    if (event.type !== "bake:progressed" || event.fraction > 0) return;
    vi.spyOn(systemClock, "monotonicMs").mockImplementation(() => performance.now() + 6_000);
    void node.conversation?.send({ type: "bake-progress", fraction: 0.0001 });
  };
  return { node, run, finish: () => finish() };
}

test("a bake that takes long is asked for, while it continues: with a yes it is used", async () => {
  const asked: unknown[] = [];
  const confirmBake: JobQuestions["confirmBake"] = async (name, expectedMs) => {
    asked.push([name, expectedMs > 600_000]);
    setTimeout(finish);
    return true;
  };
  const { node, run, finish } = await runLongBake({}, { confirmBake });
  await run.completed();
  expect(asked).toEqual([["north", true]]);
  expect(run.all("bake:long")).toMatchObject([{ name: "north", expectedMs: expect.any(Number) }]);
  expect(loads(node).at(-1)?.blend).toBe(baked.sha256);
});

test("a yes holds for the bake that is tried again after a lost link", async () => {
  const confirmBake = vi.fn(async () => {
    setTimeout(() => started.server.cut(), 100);
    return true;
  });
  const started = await startNode("north", { blend: baked, error: null });
  const { node } = started;
  const answer = node.options.onMessage;
  let bakes = 0;
  node.options.onMessage = (message, conversation) => {
    if (message.type !== "job-bake") return answer?.(message, conversation);
    bakes += 1;
    void conversation.send({ type: "bake-progress", fraction: 0 });
    return true;
  };
  const run = farm.run([started], { frames: "1-4" }, { confirmBake });
  run.onEvent = (event) => {
    if (event.type !== "bake:progressed") return;
    const { conversation } = node;
    if (event.fraction === 0) {
      const sinceMs = 6_000 * bakes;
      vi.spyOn(systemClock, "monotonicMs").mockImplementation(() => performance.now() + sinceMs);
      void conversation?.send({ type: "bake-progress", fraction: 0.0001 });
    } else if (bakes === 2 && conversation !== undefined) {
      node.blobs.set(baked.sha256, copy);
      const { number } = node.heard.findLast((message) => message.type === "job-bake") as { number: number };
      void conversation.send({ type: "job-baked", number, blend: baked, error: null });
    }
  };
  await run.completed();
  expect(run.all("bake:ended").map(({ again }) => again)).toEqual([true, false]);
  expect(run.all("bake:progressed").filter(({ fraction }) => fraction > 0)).toHaveLength(2);
  expect(confirmBake).toHaveBeenCalledTimes(1);
  expect(run.all("bake:long")).toHaveLength(1);
  expect(loads(node).at(-1)?.blend).toBe(baked.sha256);
});

test("with a no, the scene is played", async () => {
  const { node, run } = await runLongBake({}, { confirmBake: async () => false });
  await run.completed();
  expect(run.all("bake:ended")).toMatchObject([{ why: "you want the scene played" }]);
  expect(loads(node).at(-1)).toMatchObject({ simulations: "play" });
});

test("a question that is cancelled ends the job", async () => {
  const cancelled = new Error("Ctrl-C");
  const { run } = await runLongBake({}, { confirmBake: () => Promise.reject(cancelled) });
  await expect(run.result).rejects.toBe(cancelled);
});

test("a question without an answer is withdrawn when the bake has ended", async () => {
  let withdrawn = false;
  const confirmBake: JobQuestions["confirmBake"] = (_name, _expectedMs, signal) => {
    setTimeout(finish);
    return new Promise((_resolve, reject) => {
      signal.addEventListener("abort", () => {
        withdrawn = true;
        reject(signal.reason);
      });
    });
  };
  const { node, run, finish } = await runLongBake({}, { confirmBake });
  await run.completed();
  expect(withdrawn).toBe(true);
  expect(loads(node).at(-1)?.blend).toBe(baked.sha256);
});

test("where nobody can be asked, a long bake is told, and continues", async () => {
  const { run, finish } = await runLongBake({});
  const inner = run.onEvent;
  run.onEvent = (event) => {
    inner?.(event);
    if (event.type === "bake:long") setTimeout(finish);
  };
  await run.completed();
  expect(run.all("bake:ended")).toMatchObject([{ why: null }]);
});

test("with a limit of the user's, nothing is asked: the node keeps to it", async () => {
  const confirmBake = vi.fn(async () => false);
  const { run, finish } = await runLongBake({ bakeLimit: 90 * 60_000 }, { confirmBake });
  const inner = run.onEvent;
  run.onEvent = (event) => {
    inner?.(event);
    if (event.type === "bake:progressed" && event.fraction > 0) setTimeout(finish);
  };
  await run.completed();
  expect(confirmBake).not.toHaveBeenCalled();
  expect(run.all("bake:long")).toEqual([]);
});

test("with --simulations refuse, the job ends before anything is baked or rendered", async () => {
  const { node, server } = await startNode("north", { blend: baked, error: null });
  const run = farm.run([{ node, server }], { frames: "1-4", simulations: "refuse" });
  await expect(run.result).rejects.toMatchObject({
    code: "FARM_BAD_INPUT",
    message: expect.stringContaining("cloth (Object 'Flag')"),
  });
  expect(node.heard.filter(({ type }) => type === "job-bake")).toEqual([]);
  expect(node.rendered).toEqual([]);
});

test.each([
  ["scripts may run: a node could run programs on the others by its copy", { allowScripts: true }],
  ["add-ons of the nodes are enabled, which may run what files contain", { addons: ["shaders"] }],
  ["the user wants the scene to be played", { simulations: "sequential" as const }],
  ["the user wants what Blender shows when it jumps", { simulations: "ignore" as const }],
  ["nodes with different versions take part", { mixVersions: true }],
])("nothing is baked if %s", async (_, settings) => {
  const node = await startNode("north", { blend: baked, error: null });
  node.node.options.info = { addons: "all" };
  const run = farm.run([node], { frames: "1-4", ...settings });
  await run.completed();
  expect(node.node.heard.filter(({ type }) => type === "job-bake")).toEqual([]);
});

test("a job that is stopped while a node bakes ends at once", async () => {
  const node = await startNode("north", { blend: null, error });
  node.node.options.onMessage = ({ type }) => type === "job-bake"; // and no answer
  const run = farm.run([node], { frames: "1-4" });
  run.onEvent = ({ type }) => type === "bake:started" && run.drain.abort(new Error("Ctrl-C"));
  expect(await run.result).toMatchObject({ type: "interrupted" });
});
