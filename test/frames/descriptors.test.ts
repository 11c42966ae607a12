import { createHash } from "node:crypto";
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { onlyPng } from "../../src/core/pictures/picture-form.ts";
import { FrameLog } from "../../src/frames/frame-log.ts";
import type { FrameRecord } from "../../src/frames/frame-record.ts";
import { FrameStore } from "../../src/frames/frame-store.ts";
import { JobFolder } from "../../src/frames/job-folder.ts";
import { verifyFrames } from "../../src/frames/verify-frames.ts";
import { makePng } from "../support/png.ts";
import { skipBecause } from "../support/skip.ts";
import { makeTemporaryFolder } from "../support/temporary-folder.ts";
import { fewDescriptorsProblem, withFewDescriptors } from "./few-descriptors.ts";

const format = { width: 32, height: 20, depth: 8, colorMode: "RGB" } as const;
const tooFew = { message: expect.stringContaining("EMFILE"), hint: expect.stringContaining("ulimit -n") };

function optionsIn(folder: string) {
  return { framesFolder: join(folder, "frames"), logPath: join(folder, "frames.ndjson"), format };
}

async function storeFrame(store: FrameStore, frame: number): Promise<void> {
  const png = makePng(format, frame);
  const sha256 = createHash("sha256").update(png).digest("hex");
  const node = { id: "00112233445566778899aabbccddeeff", name: "desk" };
  const facts = { blender: "3.4.1", device: "CPU", attempts: 1, seconds: 1.5 };
  const record: FrameRecord = { frame, node, ...facts, sha256, sizeBytes: png.length };
  await using incoming = await store.receive(record);
  for await (const { write } of incoming.parts()) await write(png);
  await incoming.commit();
}

describe.skipIf(skipBecause(fewDescriptorsProblem))("when no file descriptor is free", () => {
  test("a frame is not stored, the error says what to do, and the next frame is stored", async () => {
    await using folder = await makeTemporaryFolder();
    await using store = await FrameStore.open(optionsIn(folder.path));
    const failure = { code: "FARM_STORE_FAILED", ...tooFew };
    await expect(withFewDescriptors(0, () => storeFrame(store, 1))).rejects.toMatchObject(failure);
    // Enough to start, but not enough to read the folder.
    await expect(withFewDescriptors(1, () => Promise.all([storeFrame(store, 1), storeFrame(store, 2)])))
      .rejects //
      .toMatchObject(failure);
    await storeFrame(store, 3);
    expect(store.has(3)).toBe(true);
    expect((await readdir(join(folder.path, "frames"))).filter((name) => name.endsWith(".part"))).toEqual([]);
  });

  test.each([0, 1, 2])("with %i free, no frame of an earlier run counts as lost", async (free) => {
    await using folder = await makeTemporaryFolder();
    {
      await using store = await FrameStore.open(optionsIn(folder.path));
      for (const frame of [1, 2, 3]) await storeFrame(store, frame);
    }
    const opened = withFewDescriptors(free, async () => {
      await using store = await FrameStore.open(optionsIn(folder.path));
      return store.reused;
    });
    await expect(opened).rejects.toMatchObject({ code: "FARM_STORE_FAILED", ...tooFew });
    await using store = await FrameStore.open(optionsIn(folder.path));
    expect(store.reused).toBe(3);
  });

  test("an unreadable frames folder is not mistaken for an empty one", async () => {
    await using folder = await makeTemporaryFolder();
    const { framesFolder, logPath } = optionsIn(folder.path);
    await using store = await FrameStore.open(optionsIn(folder.path));
    await storeFrame(store, 1);
    await using log = await FrameLog.open(logPath);
    const verified = withFewDescriptors(0, () => verifyFrames(framesFolder, log.records, { format, form: onlyPng }));
    await expect(verified).rejects.toMatchObject({ code: "EMFILE" });
  });

  test("frames of another scene are not left under the new scene's name", async () => {
    await using folder = await makeTemporaryFolder();
    await using job = await JobFolder.open(join(folder.path, "film.mp4"));
    await mkdir(job.framesFolder);
    await writeFile(join(job.framesFolder, "0000001.png"), "a frame");
    await writeFile(job.framesLogPath, "{}\n");
    await expect(withFewDescriptors(0, () => job.setFramesAside())).rejects.toMatchObject({ code: "EMFILE" });
    expect(await job.setFramesAside()).toMatchObject({ frames: 1 });
  });

  test("a job folder cannot be opened, and the error says what to do", async () => {
    await using folder = await makeTemporaryFolder();
    const opened = withFewDescriptors(0, () => JobFolder.open(join(folder.path, "film.mp4")));
    await expect(opened).rejects.toMatchObject({ code: "FARM_OUTPUT_UNWRITABLE", ...tooFew });
  });
});
