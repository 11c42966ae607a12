import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { FfmpegProcess } from "../../src/encode/ffmpeg/ffmpeg-process.ts";
import { encodersOf, findFfmpeg } from "../../src/encode/ffmpeg/ffmpeg-tools.ts";
import { probeVideo } from "../../src/encode/ffmpeg/probe.ts";
import { piecesOf } from "../../src/encode/frame-pieces.ts";
import { prepareTarget, removeParts } from "../../src/encode/output-target.ts";
import { frameNamesOf } from "../../src/encode/pictures/frame-names.ts";
import { ImageSequence } from "../../src/encode/pictures/image-sequence.ts";
import { askProgram } from "../../src/system/programs/ask-program.ts";
import { fewDescriptorsProblem, withFewDescriptors } from "../frames/few-descriptors.ts";
import { skipBecause } from "../support/skip.ts";
import { makeTemporaryFolder } from "../support/temporary-folder.ts";

const hint = expect.stringContaining("ulimit -n");

// An uncaught error, such as Node.js emits if a program cannot be started, fails the whole test run.
describe.skipIf(skipBecause(fewDescriptorsProblem))("without free file descriptors", () => {
  test.each([0, 1, 2, 3, 4])("with %i free, asking a program fails", async (free) => {
    const answer = await withFewDescriptors(free, () => askProgram("true", [], { timeoutMs: 10_000 }));
    expect(answer).toMatchObject({ failed: true, why: "spawn true EMFILE", systemCode: "EMFILE" });
    expect(await askProgram("true", [], { timeoutMs: 10_000 })).toMatchObject({ failed: false });
  });

  test("FFmpeg is neither reported as missing nor as lacking encoders", async () => {
    const tools = await findFfmpeg();
    const missing = { code: "FARM_FFMPEG_MISSING", message: expect.stringContaining("EMFILE"), hint };
    await expect(withFewDescriptors(1, () => findFfmpeg())).rejects.toMatchObject(missing);
    await expect(withFewDescriptors(1, () => encodersOf(tools))).rejects.toMatchObject(missing);
  });

  test("an encoder that cannot be started is reported, with what to do", async () => {
    const started = withFewDescriptors(2, async () =>
      FfmpegProcess.start("ffmpeg", ["-version"], { again: "do this" }),
    );
    await expect(started).rejects.toMatchObject({
      code: "FARM_FFMPEG_EXITED",
      message: expect.stringContaining("EMFILE"),
      hint: expect.stringMatching(/ulimit -n.*do this/),
    });
  });

  test("a video that cannot be probed does not count as complete", async () => {
    const tools = await findFfmpeg();
    const probed = withFewDescriptors(1, () => probeVideo(tools, "out.mp4", undefined, "do this"));
    await expect(probed).rejects.toMatchObject({
      code: "FARM_VIDEO_INCOMPLETE",
      message: expect.stringContaining("EMFILE"),
      hint: expect.stringMatching(/ulimit -n.*do this/),
    });
  });

  test("a frame that cannot be opened does not count as damaged", async () => {
    await using folder = await makeTemporaryFolder();
    const frame = join(folder.path, "0000001.png");
    await writeFile(frame, "picture");
    await expect(withFewDescriptors(0, () => piecesOf(frame).next())).rejects.toMatchObject({
      code: "FARM_STORE_FAILED",
      hint,
    });
  });

  test("an output folder that cannot be read is reported, not a bug", async () => {
    await using folder = await makeTemporaryFolder();
    const unwritable = { code: "FARM_OUTPUT_UNWRITABLE", message: expect.stringContaining("EMFILE"), hint };
    const target = await prepareTarget(join(folder.path, "out.mp4"), "0123456789", false);
    await expect(withFewDescriptors(0, () => removeParts(target))).rejects.toMatchObject(unwritable);

    const names = frameNamesOf(join(folder.path, "out"), "####.png");
    const [store, output] = [join(folder.path, "frame"), names.folder];
    await mkdir(output);
    await writeFile(store, "picture");
    const options = { names, output, frames: [1], sourceOf: () => store, jobId: "0123456789", overwrite: false };
    await expect(withFewDescriptors(0, () => ImageSequence.open(options))).rejects.toMatchObject(unwritable);
    const sequence = await ImageSequence.open(options);
    await sequence.place(1);
    await expect(withFewDescriptors(0, () => sequence.finish())).rejects.toMatchObject(unwritable);
    expect((await sequence.finish()).frames).toBe(1);
  });
});
