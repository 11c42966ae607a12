import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, expect, test, vi } from "vitest";
import { reportCommand } from "../../../src/cli/commands/report-command.ts";
import { frameFileName } from "../../../src/frames/frame-name.ts";
import { type FarmEvent, type FarmEventName, reportOf } from "../../../src/index.ts";
import type { FrameResult } from "../../../src/session/protocol.ts";
import { recordsIn, withLog } from "../../support/logged-run.ts";
import { range, ScriptedFarm } from "../../support/nodes/scripted-farm.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

async function printed(folder: string, json: boolean): Promise<string> {
  let text = "";
  vi.spyOn(process.stdout, "write").mockImplementation((chunk) => {
    text += String(chunk);
    return true;
  });
  await reportCommand(folder, { json });
  vi.restoreAllMocks();
  return text;
}

/** The slot time that the report must explain: slots × time from `node:found` to the end of rendering, per run. */
async function slotSecondsOf(folder: string): Promise<number> {
  const text = await readFile(join(folder, "log.ndjson"), "utf8");
  const log = text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, number>);
  const starts = log.flatMap(({ msg }, index) => (String(msg) === "job:started" ? [index] : []));
  const runs = starts.map((start, run) => log.slice(start, starts[run + 1]));
  const timeOf = (line: Record<string, number> | undefined) => line?.ms ?? 0; // the monotonic time
  return runs.reduce((sum, run) => {
    const allStored = run.find(({ msg, stored, total }) => String(msg) === "frame:stored" && stored === total);
    const end = timeOf(allStored ?? run.at(-1));
    const found = run.filter(({ msg }) => String(msg) === "node:found");
    return found.reduce((subtotal, line) => subtotal + ((line.slots ?? 0) * (end - timeOf(line))) / 1000, sum);
  }, 0);
}

function countOf(events: readonly FarmEvent[], wanted: FarmEventName): number {
  return events.filter(({ type }) => type === wanted).length;
}

test("the records and the report of a job with failures, a lost and an excluded node, an interruption and a second run", async () => {
  await using farm = await ScriptedFarm.open();
  const claim = ({ frame }: FrameResult) => ({ seconds: 2 + frame / 1000 });
  const attic = await farm.start({ name: "attic", slots: 2, claim: (of) => ({ ...claim(of), device: "OPTIX: big" }) });
  const cellar = await farm.start({ name: "cellar", claim });
  const old = await farm.start({ name: "old", loadFails: { code: "FILE_TOO_NEW", message: "it is of Blender 9.9" } });
  const nodes = [attic, cellar, old];
  let tried = 0;
  attic.node.options.beforeFrame = () => delay(60); // rendering takes time, which the report must account for
  attic.node.options.fails = () => {
    tried += 1;
    return tried === 3 ? { code: "NO_OUTPUT", message: "there is no file", hint: "Look there" } : undefined;
  };
  let begun = 0;
  cellar.node.options.beforeFrame = async () => {
    await delay(90);
    begun += 1;
    if (begun !== 2) return;
    cellar.node.job = undefined; // the machine is switched off, and on again
    cellar.server.cut();
    await new Promise(() => {});
  };

  let starts = 0;
  const first = farm.run(nodes, { frames: "1-24" });
  const end = await withLog(first, (event) => {
    if (event.type === "frame:started") starts += 1;
    if (starts === 10) first.drain.abort(new Error("Ctrl-C"));
  });
  expect(end).toBe("job:interrupted");
  const folder = `${farm.output}.renderfarm`;
  const between = await reportOf(folder);
  expect(between).toMatchObject({ outcome: "interrupted", expected: 24, runs: 1, time: { encode: 0 } });
  expect(between.frames).toBe(first.all("frame:stored").length);

  const second = farm.run(nodes, { frames: "1-24" });
  expect(await withLog(second)).toBe("job:completed");

  const told = [first, second].flatMap((run) => run.events);
  const records = await recordsIn(folder);
  expect(records.map(({ frame }) => frame).sort((a, b) => a - b)).toEqual(range(1, 24));
  for (const { frame, node, blender, device, attempts, seconds, sha256, sizeBytes } of records) {
    const own = told.filter((event) => "frame" in event && event.frame === frame);
    const stored = own.find(({ type }) => type === "frame:stored");
    // While a result is fetched, another attempt may start too late: it may count or not.
    const rendered = own.findLastIndex((event) => event.type === "frame:rendered" && event.node === node.id);
    const least = countOf(own.slice(0, rendered), "frame:started");
    // An attempt that was given up with its slot, and whose result came all the same, counts, although no start was told.
    const most = countOf(own, "frame:started") + countOf(own, "frame:requeued");
    expect(attempts, `frame ${frame}`).toBeGreaterThanOrEqual(least);
    expect(attempts, `frame ${frame}`).toBeLessThanOrEqual(most);
    const file = await readFile(join(folder, "frames", frameFileName(frame)));
    const isAttic = node.name === "attic";
    expect({ node, blender, device, seconds, sha256, sizeBytes }, `frame ${frame}`).toEqual({
      node: { id: (isAttic ? attic : cellar).node.id, name: isAttic ? "attic" : "cellar" },
      ...{ blender: "3.4.1", device: isAttic ? "OPTIX: big" : "CPU", seconds: 2 + frame / 1000 },
      sizeBytes: file.length,
      sha256: createHash("sha256").update(file).digest("hex"),
    });
    expect(stored).toMatchObject({ node: node.id, name: node.name, seconds });
  }

  const report = await reportOf(folder);
  expect(report).toMatchObject({
    ...{ outcome: "completed", error: null, frames: 24, expected: 24, missing: "", runs: 2, earlierRuns: 0 },
    retried: records.filter(({ attempts }) => attempts > 1).length,
  });
  expect(report.retried).toBeGreaterThan(0);
  expect(report.causes.find(({ code }) => code === "NO_OUTPUT")).toEqual({
    ...{ code: "NO_OUTPUT", count: 1, nodes: [{ name: "attic", count: 1 }], failedFrames: "" },
    ...{ message: "there is no file", hint: "Look there" },
  });
  expect(report.problems.map(({ what, name }) => `${name} ${what}`).sort()).toEqual(["cellar lost", "old excluded"]);
  const framesOf = (name: string) => records.filter(({ node }) => node.name === name).length;
  expect(report.nodes).toMatchObject(
    [attic, cellar, old]
      .map(({ node: { id, options } }) => ({
        node: id,
        name: options.name ?? "",
        frames: framesOf(options.name ?? ""),
      }))
      .sort((a, b) => b.frames - a.frames),
  );
  const seconds = report.nodes.reduce((total, { renderSeconds }) => total + renderSeconds, 0);
  expect(seconds).toBeCloseTo(24 * 2 + 0.3);

  const { slots: _, ...spent } = report.time?.slots ?? { slots: 0 };
  const sum = Object.values(spent).reduce((total, more) => total + more, 0);
  expect(sum).toBeCloseTo(await slotSecondsOf(folder), 3);
  expect(report.time?.slots).toMatchObject({ slots: 4, busy: 0 });
  expect(report.time?.slots.render).toBeGreaterThan(0.3);
  for (const name of ["wasted", "load", "away"] as const) expect(report.time?.slots[name], name).toBeGreaterThan(0);
  expect(report.time?.efficiency).toBeGreaterThan(0);
  expect(report.time?.efficiency).toBeLessThan(1);

  expect(JSON.parse(await printed(folder, true))).toEqual(report);
  const text = await printed(folder, false);
  for (const line of text.split("\n")) expect(line.length, line).toBeLessThanOrEqual(80);
  expect(text).toMatch(/^Completed: 24 of 24 frames stored\n2 runs in /m);
  expect(text).toContain("  1 × NO_OUTPUT (attic)\n      there is no file\n      Look there\n");
  expect(text).toMatch(/^ {2}cellar {2}lost: /m);
  expect(text).toMatch(/^ {2}old {5}excluded 2 times: /m);
  expect(text).toMatch(new RegExp(`^attic +3\\.4\\.1 +OPTIX: big +${framesOf("attic")} +2\\.01 `, "m"));
});
