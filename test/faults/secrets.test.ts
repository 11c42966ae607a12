import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { keyframedScene, type Reference } from "../support/blender.ts";
import { FarmLab, farmLabProblem, requireBuild, skipBecause } from "../support/lab/lab.ts";
import { completion } from "../support/lab/lab-results.ts";

/** The farm keys in the environment of the processes of a test. */
async function keysOf(lab: FarmLab): Promise<Set<string>> {
  const texts = (await lab.processes()).map(({ pid }) => readFile(`/proc/${pid}/environ`, "utf8").catch(() => ""));
  const keys = (await Promise.all(texts)).flatMap((text) => /(?:^|\0)RENDERFARM_KEY=([^\0]+)/.exec(text)?.[1] ?? []);
  return new Set(keys);
}

/** Every file below a folder, except frames, videos and blendfiles. */
async function textsBelow(folder: string): Promise<[name: string, text: string][]> {
  const names = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = names.filter((entry) => entry.isFile() && !/\.(png|mp4|blend)$/.test(entry.name));
  return Promise.all(
    files.map(async (entry) => {
      const path = join(entry.parentPath, entry.name);
      return [path, await readFile(path, "latin1")] as [string, string];
    }),
  );
}

/** Whether a text contains a key, ignoring hyphens and case. */
function holds(text: string, key: string): boolean {
  const plain = (words: string) => words.replaceAll("-", "").toLowerCase();
  return plain(text).includes(plain(key));
}

/** TCP addresses on which the host of a process listens, in the kernel's form. */
async function listeningAddresses(pid: number): Promise<string[]> {
  const tables = await Promise.all(["tcp", "tcp6"].map((table) => readFile(`/proc/${pid}/net/${table}`, "utf8")));
  const rows = tables.flatMap((table) => table.trim().split("\n").slice(1));
  const fields = rows.map((row) => row.trim().split(/\s+/));
  return fields.filter(([, , , state]) => state === "0A").map(([, local]) => local?.split(":")[0] ?? "");
}

describe.skipIf(skipBecause(farmLabProblem))("a whole job", () => {
  let scene: Reference;

  beforeAll(async () => {
    requireBuild();
    scene = await keyframedScene({ frames: 24, samples: 24 });
  });

  test("writes its key nowhere: in no log, record, farmspec, command line or program output", async () => {
    await using lab = await FarmLab.open("desk", "north");
    await lab.startNode("north", { under: "python3" });
    const output = lab.path("film.mp4");
    const run = lab.coordinate([scene.blendfile, "-o", output, "--keep-frames", "--yes", "--log-level", "trace"]);
    await run.event("frame:stored", 4);
    const keys = [...(await keysOf(lab))];
    expect(keys.length).toBe(1);
    const commands = (await lab.processes()).map(({ command }) => command);
    expect(commands.some((command) => command.includes("slot_main"))).toBe(true);
    await completion(run);
    const { stderr } = await run.end();
    const words = [...commands, stderr, JSON.stringify(run.events)];
    const files = await textsBelow(lab.path("."));
    for (const wanted of ["log.ndjson", "job.json", "frames.ndjson", "farmspec.json"]) {
      expect(files.filter(([name, text]) => name.endsWith(wanted) && text !== "").length).toBeGreaterThan(0);
    }
    for (const key of keys) {
      expect(key.length).toBeGreaterThanOrEqual(26);
      expect(words.filter((text) => holds(text, key))).toEqual([]);
      expect(files.filter(([, text]) => holds(text, key)).map(([name]) => name)).toEqual([]);
    }
  });

  test("on this machine only has a node that listens on loopback only, with its own key, which is written nowhere", async () => {
    await using lab = await FarmLab.open("desk");
    const output = lab.path("film.mp4");
    const run = lab.coordinate([
      scene.blendfile,
      "-o",
      output,
      "--local",
      "--slots",
      "1",
      "--yes",
      "--log-level",
      "trace",
    ]);
    await run.event("frame:stored", 2);
    const processes = await lab.processes();
    const node = processes.find(({ command }) => command.includes("main.py") && command.includes("--exit-with-stdin"));
    if (!node) throw new Error(`Cannot find the node among ${JSON.stringify(processes)}`);
    const listening = await listeningAddresses(node.pid);
    expect(listening.length).toBeGreaterThan(0);
    expect(new Set(listening)).toEqual(new Set(["0100007F"])); // 127.0.0.1
    const keys = [...(await keysOf(lab))];
    expect(keys.length).toBe(2); // the user's key, and the node's own
    await completion(run);
    const { stderr } = await run.end();
    const words = [...processes.map(({ command }) => command), stderr, JSON.stringify(run.events)];
    const files = await textsBelow(lab.path("."));
    for (const key of keys) {
      expect(words.filter((text) => holds(text, key))).toEqual([]);
      expect(files.filter(([, text]) => holds(text, key)).map(([name]) => name)).toEqual([]);
    }
  });
});
