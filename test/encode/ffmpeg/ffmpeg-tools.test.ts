import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { findFfmpeg, requireEncoder } from "../../../src/encode/ffmpeg/ffmpeg-tools.ts";
import { makeTemporaryFolder } from "../../support/temporary-folder.ts";

test("findFfmpeg() finds FFmpeg and ffprobe on PATH and their version", async () => {
  const tools = await findFfmpeg({ environment: {} });
  expect(tools).toMatchObject({ ffmpeg: "ffmpeg", ffprobe: "ffprobe", version: expect.stringMatching(/\d/) });
  await requireEncoder(tools, "libx264");
});

test("findFfmpeg() uses the given path, or else FFMPEG_PATH, and nothing else if that is missing", async () => {
  await using folder = await makeTemporaryFolder();
  const own = join(folder.path, "ffmpeg");
  await writeFile(own, '#!/bin/sh\necho "ffmpeg version own-1.0 Copyright"\n', { mode: 0o755 });

  const environment = { FFMPEG_PATH: own };
  expect(await findFfmpeg({ environment })).toMatchObject({ ffmpeg: own, ffprobe: "ffprobe", version: "own-1.0" });
  expect((await findFfmpeg({ path: "ffmpeg", environment })).ffmpeg).toBe("ffmpeg");
  await expect(findFfmpeg({ path: join(folder.path, "none"), environment })).rejects.toMatchObject({
    code: "FARM_FFMPEG_MISSING",
    message: expect.stringContaining(join(folder.path, "none")),
    hint: expect.stringMatching(/install/i),
  });
});

test("findFfmpeg() prefers the ffprobe beside FFmpeg", async () => {
  await using folder = await makeTemporaryFolder();
  for (const name of ["ffmpeg", "ffprobe"]) {
    const text = `#!/bin/sh\necho "${name} version own-1.0 Copyright"\n`;
    await writeFile(join(folder.path, name), text, { mode: 0o755 });
  }
  const tools = await findFfmpeg({ path: join(folder.path, "ffmpeg"), environment: {} });
  expect(tools.ffprobe).toBe(join(folder.path, "ffprobe"));
});

test("findFfmpeg() refuses a program that is not FFmpeg", async () => {
  await expect(findFfmpeg({ path: "true" })).rejects.toMatchObject({ code: "FARM_FFMPEG_MISSING" });
});

test("requireEncoder() names the encoder that FFmpeg was built without", async () => {
  const tools = await findFfmpeg();
  await expect(requireEncoder(tools, "libnothing")).rejects.toMatchObject({
    code: "FARM_ENCODER_MISSING",
    message: expect.stringContaining("libnothing"),
  });
});
