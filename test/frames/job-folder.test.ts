import { createHash } from "node:crypto";
import { appendFile, mkdir, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { fingerprintOf, type PixelSources } from "../../src/core/fingerprint.ts";
import { JobFolder } from "../../src/frames/job-folder.ts";
import { busyFileProblem, makeBusy } from "../support/busy-file.ts";
import { skipBecause } from "../support/skip.ts";
import { makeTemporaryFolder } from "../support/temporary-folder.ts";

const sources: PixelSources = {
  blend: "aa",
  assets: [],
  scene: null,
  blenderVersion: "3.4.1",
  overrides: { colorMode: "RGB" },
};

/** What the folder sees of one run over a blendfile. */
async function run(output: string, blend: string, fingerprint: string) {
  await using folder = await JobFolder.open(output);
  const copy = await folder.keepBlend(blend);
  const settings = { frames: "1-24" };
  const plan = { fingerprint, blenderVersion: "3.4.1", blend: copy, settings, isFresh: false };
  const begun = await folder.begin(plan);
  return { ...begun, copy, path: folder.path, previous: folder.previous };
}

async function makeBlend(folder: string): Promise<{ blend: string; output: string }> {
  const blend = join(folder, "scene.blend");
  await writeFile(blend, "BLENDER-v304 and more");
  return { blend, output: join(folder, "out.mp4") };
}

const cannotBeBusy = skipBecause(busyFileProblem);

describe("JobFolder", () => {
  test("of a new job has an id, a copy of the blendfile, and a record", async () => {
    await using folder = await makeTemporaryFolder();
    const { blend, output } = await makeBlend(folder.path);

    const first = await run(output, blend, "print");

    const digest = createHash("sha256").update("BLENDER-v304 and more").digest("hex");
    expect(first).toMatchObject({
      job: expect.stringMatching(/^[0-9a-f]{32}$/),
      run: 1,
      setAside: null,
      previous: null,
    });
    expect(first.copy).toEqual({ path: join(`${output}.renderfarm`, "blob", digest), sha256: digest, sizeBytes: 21 });
    expect(await readFile(first.copy.path, "utf8")).toBe("BLENDER-v304 and more");
    await writeFile(blend, "the artist saved in place");
    expect(await readFile(first.copy.path, "utf8")).toBe("BLENDER-v304 and more");
    expect(await readdir(first.path)).toEqual(["blob", "job.json"]);
    expect(JSON.parse(await readFile(join(first.path, "job.json"), "utf8"))).toEqual({
      facts: null,
      format: 1,
      job: first.job,
      run: 1,
      fingerprint: "print",
      blenderVersion: "3.4.1",
      blend: { sha256: digest, sizeBytes: 21 },
      settings: { frames: "1-24" },
    });
    if (process.platform !== "win32") {
      for (const [path, mode] of [
        [first.path, 0o700],
        [first.copy.path, 0o600],
        [join(first.path, "job.json"), 0o600],
      ] as const) {
        expect((await stat(path)).mode & 0o777, path).toBe(mode);
      }
    }
  });

  test("continues the same job while the fingerprint stays the same, and counts the runs", async () => {
    await using folder = await makeTemporaryFolder();
    const { blend, output } = await makeBlend(folder.path);
    const first = await run(output, blend, "print");
    await mkdir(join(first.path, "frames"));
    await writeFile(join(first.path, "frames", "0000001.png"), "a frame");
    await writeFile(join(first.path, "blob", "0a0b0c0d.part"), "of a run that was killed");

    const second = await run(output, blend, "print");

    expect(second).toMatchObject({
      job: first.job,
      run: 2,
      setAside: null,
      previous: { run: 1, blenderVersion: "3.4.1" },
    });
    expect(await readdir(join(first.path, "frames"))).toEqual(["0000001.png"]);
    expect(await readdir(join(first.path, "blob"))).toEqual([first.copy.sha256]);
  });

  test("is a new job when the fingerprint differs, and keeps the old frames aside", async () => {
    await using folder = await makeTemporaryFolder();
    const { blend, output } = await makeBlend(folder.path);
    const first = await run(output, blend, "print");
    await mkdir(join(first.path, "frames"));
    await writeFile(join(first.path, "frames", "0000001.png"), "a frame");
    await writeFile(join(first.path, "frames.ndjson"), "{}\n");

    await writeFile(blend, "BLENDER-v304 changed");
    const second = await run(output, blend, "another");

    expect(second.job).not.toBe(first.job);
    expect(second).toMatchObject({ run: 1, setAside: { frames: 1 } });
    expect(await readdir(second.setAside?.folder ?? "")).toEqual(["0000001.png", "frames.ndjson"]);
    expect(await readdir(join(first.path, "blob"))).toEqual([second.copy.sha256]);
    expect((await readdir(first.path)).filter((name) => !name.startsWith("frames."))).toEqual(["blob", "job.json"]);
  });

  test.each(["", "{", "[]", '{"format":1,"job":"../../x"}'])(
    "with an unreadable record ('%s') starts a new job",
    async (text) => {
      await using folder = await makeTemporaryFolder();
      const { blend, output } = await makeBlend(folder.path);
      const first = await run(output, blend, "print");
      await writeFile(join(first.path, "job.json"), text);
      expect(await run(output, blend, "print")).toMatchObject({ run: 1, previous: null });
    },
  );

  test("whose blendfile name is not a digest starts a new job", async () => {
    await using folder = await makeTemporaryFolder();
    const { blend, output } = await makeBlend(folder.path);
    const path = join((await run(output, blend, "print")).path, "job.json");
    const record = JSON.parse(await readFile(path, "utf8"));
    await writeFile(path, JSON.stringify({ ...record, blend: { ...record.blend, sha256: "../../etc/passwd" } }));
    expect(await run(output, blend, "print")).toMatchObject({ run: 1, previous: null });
  });

  test("of a later release is not touched", async () => {
    await using folder = await makeTemporaryFolder();
    const { output } = await makeBlend(folder.path);
    await mkdir(`${output}.renderfarm`);
    await writeFile(join(`${output}.renderfarm`, "job.json"), '{"format":2}');
    await expect(JobFolder.open(output)).rejects.toMatchObject({ code: "FARM_JOB_CHANGED" });
    expect(await readdir(`${output}.renderfarm`)).toEqual(["job.json"]);
  });

  test("is locked while it is open", async () => {
    await using folder = await makeTemporaryFolder();
    const { output } = await makeBlend(folder.path);
    await using first = await JobFolder.open(output);
    await expect(JobFolder.open(output)).rejects.toMatchObject({ code: "FARM_JOB_LOCKED" });
    expect(first.lost.aborted).toBe(false);
  });

  test("keeps its record after the clean-up, and nothing large", async () => {
    await using folder = await makeTemporaryFolder();
    const { blend, output } = await makeBlend(folder.path);
    const { path } = await run(output, blend, "print");
    await mkdir(join(path, "frames"));
    {
      await using jobFolder = await JobFolder.open(output);
      await appendFile(jobFolder.framesLogPath, "{}\n");
      await appendFile(jobFolder.logPath, "{}\n");
      await jobFolder.cleanUp();
    }
    expect(await readdir(path)).toEqual(["frames.ndjson", "job.json", "log.ndjson"]);
  });

  test.skipIf(cannotBeBusy)("cleans up what it can, says what it cannot, and never fails because of it", async () => {
    await using folder = await makeTemporaryFolder();
    const { blend, output } = await makeBlend(folder.path);
    const { path, copy } = await run(output, blend, "print");
    const frames = join(path, "frames");
    await mkdir(frames);
    for (const name of ["0000001.png", "0000002.png"]) await writeFile(join(frames, name), "a frame");
    await writeFile(join(frames, ".DS_Store"), "of the Finder");
    const release = await makeBusy(join(frames, "0000001.png"));
    try {
      await using jobFolder = await JobFolder.open(output);
      const left = await jobFolder.cleanUp();
      expect(left).toEqual([{ path: frames, why: expect.stringContaining("EBUSY") }]);
      expect(await readdir(frames)).not.toContain("0000002.png");
    } finally {
      await release();
    }
    await rm(join(frames, "0000001.png.mounted"));
    await using jobFolder = await JobFolder.open(output);
    expect(await jobFolder.cleanUp()).toEqual([]); // the Finder's own file is deleted with the folder
    expect(await readdir(path)).toEqual(["job.json", "lock"]);
    expect(copy.sizeBytes).toBe(21);
  });

  test.skipIf(cannotBeBusy)("writes its record as soon as another program releases the old one", async () => {
    await using folder = await makeTemporaryFolder();
    const { blend, output } = await makeBlend(folder.path);
    const { path } = await run(output, blend, "print");
    const release = await makeBusy(join(path, "job.json"));
    const again = run(output, blend, "print");
    const isWritten = async () => (await readdir(path)).some((name) => name.startsWith(".renderfarm-"));
    try {
      await expect.poll(isWritten, { timeout: 20_000, interval: 5 }).toBe(true);
    } finally {
      await release();
    }
    const { job } = await again; // a new job: the mount hides the old record
    expect(JSON.parse(await readFile(join(path, "job.json"), "utf8"))).toMatchObject({ job });
  });

  test("says what is wrong when it cannot be created or the blendfile cannot be copied", async () => {
    await using folder = await makeTemporaryFolder();
    const { blend, output } = await makeBlend(folder.path);
    await expect(JobFolder.open(join(blend, "out.mp4"))).rejects.toMatchObject({ code: "FARM_OUTPUT_UNWRITABLE" });
    await rm(blend);
    await using jobFolder = await JobFolder.open(output);
    await expect(jobFolder.keepBlend(blend)).rejects.toMatchObject({ code: "FARM_STORE_FAILED" });
    expect(await readdir(join(jobFolder.path, "blob"))).toEqual([]);
  });
});

describe("fingerprintOf()", () => {
  test("changes with everything that affects pixels", () => {
    const prints = [
      sources,
      { ...sources, blend: "ab" },
      { ...sources, assets: [{ path: "a.png", sha256: "cc" }] },
      { ...sources, assets: [{ path: "b.png", sha256: "cc" }] },
      { ...sources, scene: "Scene" },
      { ...sources, blenderVersion: "4.3.2" },
      { ...sources, blenderVersion: null },
      { ...sources, overrides: {} },
      { ...sources, overrides: { colorMode: "RGBA" } },
    ].map(fingerprintOf);
    expect(new Set(prints).size).toBe(prints.length);
  });

  test("does not depend on the order in which things are listed", () => {
    const [a, b] = [
      { path: "a.png", sha256: "1" },
      { path: "b.png", sha256: "2" },
    ];
    const one = { ...sources, assets: [a, b], overrides: { x: 1, y: 2 } };
    const other = { ...sources, assets: [b, a], overrides: { y: 2, x: 1 } };
    expect(fingerprintOf(one)).toBe(fingerprintOf(other));
    expect(fingerprintOf(one)).toMatch(/^[0-9a-f]{64}$/);
  });
});

test.runIf(process.platform === "linux")(
  "JobFolder refuses a place where no folder can be created, and does not hang",
  async () => {
    await expect(JobFolder.open("/proc/x.mp4")).rejects.toMatchObject({ code: "FARM_OUTPUT_UNWRITABLE" });
  },
);
