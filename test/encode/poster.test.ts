import { readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { expect, test } from "vitest";
import { findFfmpeg } from "../../src/encode/ffmpeg/ffmpeg-tools.ts";
import { Poster, requirePosterKind } from "../../src/encode/poster.ts";
import { makeFrames } from "../support/ffmpeg.ts";

test.each(["poster.png", "poster.jpg", "poster.JPEG"])("%s shows the frame after it is published", async (name) => {
  await using folder = await makeFrames({ count: 1, width: 65, height: 49 });
  const frame = folder.frames[0] ?? "";
  const path = join(folder.folder, name);
  const options = { path, tools: await findFfmpeg(), jobId: "0123456789", overwrite: false };
  {
    await using _unpublished = await Poster.make(frame, options);
    await expect(stat(path)).rejects.toMatchObject({ code: "ENOENT" });
  }
  expect(await readdir(folder.folder)).toEqual(["0001.png"]);

  await using poster = await Poster.make(frame, options);
  await poster.publish();
  if (name.endsWith(".png")) expect(await readFile(path)).toEqual(await readFile(frame));
  const report = ["-v", "error", "-show_entries", "stream=codec_name,width,height", "-of", "csv=p=0", path];
  expect((await execa("ffprobe", report)).stdout).toBe(`${name.endsWith(".png") ? "png" : "mjpeg"},65,49`);
  await expect(Poster.make(frame, options)).rejects.toMatchObject({
    code: "FARM_OUTPUT_EXISTS",
    hint: expect.stringContaining("--poster"),
  });
});

test("a file that appears in the poster's place is not replaced", async () => {
  await using folder = await makeFrames({ count: 1 });
  const path = join(folder.folder, "poster.png");
  const options = { path, tools: undefined, jobId: "0123456789", overwrite: false };
  await using poster = await Poster.make(folder.frames[0] ?? "", options);
  await writeFile(path, "mine");
  await expect(poster.publish()).rejects.toMatchObject({ code: "FARM_OUTPUT_EXISTS" });
  expect(await readFile(path, "utf8")).toBe("mine");
});

test("other image formats are refused", () => {
  expect(() => requirePosterKind("a.gif")).toThrow(expect.objectContaining({ code: "FARM_BAD_INPUT" }));
});
