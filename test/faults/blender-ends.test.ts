import { beforeAll, describe, expect, test } from "vitest";
import { keyframedScene, type Reference, saveScene } from "../support/blender.ts";
import { expectClean, hold, renders, slotsOf } from "../support/lab/fault-lab.ts";
import { blenderLabProblem, FarmLab, requireBuild, skipBecause } from "../support/lab/lab.ts";
import type { LabCoordinator, LabEvent } from "../support/lab/lab-coordinator.ts";
import type { LabNode } from "../support/lab/lab-node.ts";
import { completion, expectSameFilm, framesByNode, storedFrames } from "../support/lab/lab-results.ts";
import { range } from "../support/nodes/scripted-farm.ts";
import { send } from "../support/processes.ts";
import { waitFor } from "../support/wait-for.ts";

describe.skipIf(skipBecause(blenderLabProblem))("Blenders that end unexpectedly", () => {
  let scene: Reference;

  beforeAll(async () => {
    requireBuild();
    scene = await keyframedScene({ frames: 24, samples: 24 });
  });

  const start = (lab: FarmLab, ...names: string[]) =>
    Promise.all(names.map((name) => lab.startNode(name, { under: "python3", more: ["--allow-scripts"] })));
  const job = (lab: FarmLab, blend: string, nodes: readonly LabNode[]) => {
    const addresses = nodes.map(({ port }) => `127.0.0.1:${port}`).join(",");
    return [blend, "-o", lab.path("film.mp4"), "--nodes", addresses, "--keep-frames", "--yes", "--allow-scripts"];
  };
  const failedFrames = (run: LabCoordinator) => run.all("frame:failed").map(({ frame }) => frame);

  test.each([[["north"]], [["north", "south"]]])(
    "frames that crash Blender, on %j: they fail, all others are rendered, and the next run ends the same way",
    async (names) => {
      await using lab = await FarmLab.open();
      const nodes = await start(lab, ...names);
      const blend = lab.path("deadly.blend");
      await saveScene("deadly.py", blend, ["20", "2,3"]);
      // Played, as scenes with such scripts are, later frames could not be reached. After each frame Blender goes back to
      // the one that was saved, the first.
      const jumped = [...job(lab, blend, nodes), "--simulations", "ignore"];
      const first = lab.coordinate(jumped);
      expect(await first.end(), first.story()).toMatchObject({
        code: 4,
        last: { type: "job:failed", code: "FARM_FRAMES_FAILED", message: expect.stringMatching(/: 2,3$/) },
      });
      expect(failedFrames(first).sort()).toEqual([2, 3]);
      expect(first.all("frame:failed")[0]).toMatchObject({
        code: "CRASHED",
        hint: expect.stringMatching(/Open the file/),
      });
      const stored = async () => (await storedFrames(lab.path("film.mp4"))).map(({ frame }) => frame);
      expect((await stored()).sort((a, b) => a - b)).toEqual([1, ...range(4, 20)]);
      expect(first.all("node:excluded")).toEqual([]);

      const again = lab.coordinate(jumped);
      expect(await again.end(), again.story()).toMatchObject({ code: 4, last: { code: "FARM_FRAMES_FAILED" } });
      expect(failedFrames(again).sort()).toEqual([2, 3]);
      await expectClean(lab, lab.path("film.mp4"));
    },
  );

  test("a slot is killed while it loads: it is restarted, and the job is not affected", async () => {
    await using lab = await FarmLab.open();
    const nodes = await start(lab, "north");
    const run = lab.coordinate(job(lab, scene.blendfile, nodes));
    const killSlots = async () => {
      const slots = (await Promise.all(nodes.map((node) => slotsOf(lab, node)))).flat();
      return slots.filter((pid) => send(pid, "SIGKILL")).length > 0;
    };
    await waitFor(killSlots, "a slot to kill", 90_000);
    expect(framesByNode(await completion(run))).toEqual({ north: 24 });
    await expectSameFilm(lab.path("film.mp4"), scene);
    await expectClean(lab, lab.path("film.mp4"));
  });

  test("a file that crashes every Blender that loads it: the job fails with the cause, in bounded time", async () => {
    await using lab = await FarmLab.open();
    const nodes = await start(lab, "north", "south");
    const blend = lab.path("deadly.blend");
    await saveScene("deadly.py", blend, ["4", "load"]);
    const run = lab.coordinate(job(lab, blend, nodes));
    expect(await run.end(), run.story()).toMatchObject({
      code: 4,
      last: {
        ...{ type: "job:failed", code: "FARM_LOAD_FAILED" },
        message: expect.stringMatching(/ended by itself \(SIGSEGV\)/),
        hint: expect.stringMatching(/Open the file/),
      },
    });
    expect(await lab.leftovers()).toEqual({ processes: [], files: [] });
  });

  test("earlyoom ends every Blender on two small machines: the third renders the rest, and no frame fails", async () => {
    await using lab = await FarmLab.open();
    const nodes = await start(lab, "small", "smaller", "big");
    const run = lab.coordinate(job(lab, scene.blendfile, nodes));
    await renders(run, "big");
    const big = nodes.filter(({ name }) => name === "big");
    const held = await Promise.all(big.map((node) => hold(lab, node)));
    const small = nodes.filter(({ name }) => name !== "big");
    const stopGuard = endEachStarted(lab, run, small);
    const isKilled = (event: LabEvent) =>
      event.code === "KILLED" && /from outside \(SIGTERM\)/.test(String(event.reason));
    const endedOn = (name: string) =>
      run.all("frame:requeued").filter((event) => event.name === name && isKilled(event));
    const bothTried = () =>
      endedOn("small").some(({ frame }) => endedOn("smaller").some((event) => event.frame === frame));
    await run.event("frame:requeued", 1, bothTried);
    for (const each of held) each.letGo();

    const completed = await completion(run);
    await stopGuard();
    expect(framesByNode(completed).big).toBeGreaterThan(20);
    expect(failedFrames(run)).toEqual([]);
    await expectSameFilm(lab.path("film.mp4"), scene);
    await expectClean(lab, lab.path("film.mp4"));
  });
});

/** Ends the Blender of each frame that one of these nodes starts, as earlyoom does. @returns Stops it */
function endEachStarted(lab: FarmLab, run: LabCoordinator, nodes: readonly LabNode[]): () => Promise<void> {
  const endings: Promise<void>[] = [];
  const endSlots = async (node: LabNode) => {
    for (const pid of await slotsOf(lab, node)) send(pid, "SIGTERM");
  };
  run.onEvent = ({ type, name }) => {
    const node = nodes.find((each) => type === "frame:started" && each.name === name);
    if (node) endings.push(endSlots(node));
  };
  for (const event of run.events) run.onEvent(event);
  return async () => {
    run.onEvent = () => {};
    await Promise.all(endings);
  };
}
