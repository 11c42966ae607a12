import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { parseAttemptRecord } from "../../../../src/frames/attempt-record.ts";
import { range, ScriptedFarm } from "../../../support/nodes/scripted-farm.ts";

vi.setConfig({ testTimeout: 30_000 }); // FFmpeg and the disk set the pace

interface Replayed {
  readonly runs: number;
  readonly events: number;
  readonly instructions: number;
  readonly difference: string | null;
}

const script = new URL("../../../../scripts/replay.mjs", import.meta.url).href;
let farm: ScriptedFarm;

beforeEach(async () => {
  farm = await ScriptedFarm.open();
});
afterEach(async () => {
  await farm[Symbol.asyncDispose]();
});

async function replayed(folder: string): Promise<Replayed> {
  const { replay } = (await import(/* @vite-ignore */ script)) as { replay: (folder: string) => Promise<Replayed> };
  return await replay(folder);
}

/** Renders in two runs. In the first a node is switched off, an attempt fails and the user stops the job. */
async function renderWithFaults(): Promise<string> {
  const [attic, cellar] = [await farm.start({ name: "attic", slots: 2 }), await farm.start({ name: "cellar" })];
  let switchOff = () => {};
  const isSwitchedOff = new Promise<void>((resolve) => {
    switchOff = resolve;
  });
  const first = farm.run([attic, cellar], { frames: "1-24" });
  const isDrained = new Promise<void>((resolve) => first.drain.signal.addEventListener("abort", () => resolve()));
  // Fake nodes need no time. Without these two waits one of them would render everything.
  let atticStarts = 0;
  attic.node.options.beforeFrame = async (frame) => {
    atticStarts += 1;
    if (atticStarts > 4) await isSwitchedOff;
    if (frame > 14) await isDrained;
  };
  let failures = 0;
  attic.node.options.fails = () => (++failures === 3 ? { code: "NO_OUTPUT" } : undefined);
  let cellarStarts = 0;
  cellar.node.options.beforeFrame = async (frame) => {
    cellarStarts += 1;
    if (cellarStarts === 2) {
      cellar.node.job = undefined; // the machine is switched off, and on again
      cellar.server.cut();
      switchOff();
      await new Promise(() => {});
    }
    if (frame > 14) await isDrained;
  };
  let stored = 0;
  first.onEvent = (event) => {
    if (event.type === "frame:stored" && ++stored === 8) first.drain.abort(new Error("Ctrl-C"));
  };
  expect(await first.result).toMatchObject({ type: "interrupted" });
  await farm.run([attic, cellar], { frames: "1-24" }).completed();
  return `${farm.output}.renderfarm`;
}

test("a run with a lost node and a failed attempt can be replayed: the same events give the same instructions", async () => {
  const folder = await renderWithFaults();
  const { runs, events, instructions, difference } = await replayed(folder);
  expect(difference).toBeNull();
  expect(runs).toBe(2);
  expect(events).toBeGreaterThan(100);
  expect(instructions).toBeGreaterThan(60);

  const file = join(folder, "events.ndjson");
  const lines = (await readFile(file, "utf8")).split("\n");
  const changed = lines.findIndex((line) => line.includes('"type":"node-joined"'));
  await writeFile(file, lines.toSpliced(changed, 1).join("\n"));
  expect((await replayed(folder)).difference).toMatch(/^Event \d+ of run 1/);
});

test("every attempt is recorded when it ends, with its times in order, and each frame has one stored attempt", async () => {
  const folder = await renderWithFaults();
  const text = await readFile(join(folder, "attempts.ndjson"), "utf8");
  const records = text.trimEnd().split("\n").map(parseAttemptRecord);
  expect(records).not.toContain(null);
  const all = records.flatMap((record) => record ?? []);
  const stored = all.filter(({ outcome }) => outcome === "stored");
  expect(stored.map(({ frame }) => frame).sort((a, b) => a - b)).toEqual(range(1, 24));
  for (const { at, attempt, blender, device, slot } of stored) {
    const times = [at.assigned, at.started, at.rendered, at.fetched, at.arrived, at.ended];
    expect(times, `attempt ${attempt}`).toEqual(times.toSorted((a, b) => (a ?? 0) - (b ?? 0)));
    expect([blender, device], `attempt ${attempt}`).toEqual(["3.4.1", "CPU"]);
    // If the result of an abandoned attempt arrives late, it has a second record, without assignment and slot.
    expect(slot === null, `attempt ${attempt}`).toBe(at.assigned === null);
  }
  expect(all.filter(({ outcome }) => outcome === "failed")).toMatchObject([
    { node: { name: "attic" }, error: { code: "NO_OUTPUT" } },
  ]);
  expect(all.filter(({ outcome, node }) => outcome === "lost" && node.name === "cellar").length).toBeGreaterThan(0);
  expect(new Set(all.map(({ run }) => run))).toEqual(new Set([1, 2]));
});
