import { existsSync } from "node:fs";
import { chmod, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { deflateSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { findFfmpeg } from "../../src/encode/ffmpeg/ffmpeg-tools.ts";
import { findRefused, type TrialOptions } from "../../src/encode/refused-frames.ts";
import { makeFrames, videoFormatOf } from "../support/ffmpeg.ts";
import { profileChunk, withChunk } from "../support/odd-chunks.ts";
import { pngChunk } from "../support/png.ts";
import { waitFor } from "../support/wait-for.ts";

const tools = await findFfmpeg();
const form = { width: 64, height: 48, depth: 8, colorMode: "RGB" } as const;
const signal = new AbortController().signal;
const options: TrialOptions = {
  ...form,
  ...{ tools, format: videoFormatOf("a.mp4"), rate: { numerator: 24, denominator: 1 }, signal },
};

/** Changes these files so that every FFmpeg fails on them. */
async function spoil(paths: readonly (string | undefined)[]): Promise<void> {
  for (const path of paths) {
    if (path === undefined) throw new Error("No such frame");
    await writeFile(path, withChunk(await readFile(path), pngChunk("iCCP", "x\0\0junkjunkjunkjunkjun")));
  }
}

describe("findRefused()", () => {
  test("names the frame that FFmpeg refuses, with FFmpeg's message, for any output", async () => {
    await using made = await makeFrames({ count: 5, ...form });
    await spoil([made.frames[3]]);
    for (const name of ["a.mp4", "a.mov"]) {
      const found = await findRefused(made.frames, { ...options, format: videoFormatOf(name) });
      expect(found, name).toEqual([{ path: made.frames[3], message: expect.stringMatching(/./) }]);
    }
    expect(await findRefused(made.frames, { ...options, format: undefined })).toMatchObject([{ path: made.frames[3] }]);
  });

  test("names all of them on request, otherwise only those in the last block", async () => {
    await using made = await makeFrames({ count: 34, ...form });
    const spoilt = [0, 10, 33].map((index) => made.frames[index]);
    await spoil(spoilt);
    expect((await findRefused(made.frames, options, true)).map(({ path }) => path)).toEqual(spoilt);
    expect((await findRefused(made.frames, options)).map(({ path }) => path)).toEqual(spoilt.slice(1));
  });

  test("names none if FFmpeg can read all, even unusual ones", async () => {
    await using made = await makeFrames({ count: 3, ...form });
    const [path = ""] = made.frames;
    await writeFile(path, withChunk(await readFile(path), profileChunk(deflateSync(Buffer.alloc(200)))));
    expect(await findRefused(made.frames, options, true)).toEqual([]);
  });

  test.each([
    ["a codec that fails", 'echo "[libx264] broken preset" >&2; exit 1'],
    ["an FFmpeg that was killed", "kill -9 $$"],
    ["an FFmpeg that reads no frame", "cat > /dev/null; exit 0"],
    ["a disk that is full", 'echo "No space left on device" >&2; exit 1'],
  ])("names none because of %s", async (_, lines) => {
    await using made = await makeFrames({ count: 3, ...form });
    await spoil([made.frames[1]]);
    const ffmpeg = join(made.folder, "ffmpeg");
    await writeFile(ffmpeg, `#!/bin/sh\n${lines}\n`);
    await chmod(ffmpeg, 0o755);
    expect(await findRefused(made.frames, { ...options, tools: { ...tools, ffmpeg } }, true)).toEqual([]);
  });

  test("names none that was refused only once", async () => {
    await using made = await makeFrames({ count: 1, ...form });
    const ffmpeg = join(made.folder, "ffmpeg");
    // Its second run fails, which is the first one with the frame.
    const count = `n=$(cat '${made.folder}/n' 2>/dev/null || echo 0); echo $((n + 1)) > '${made.folder}/n'`;
    await writeFile(ffmpeg, `#!/bin/sh\n${count}\n[ "$n" = 1 ] && exit 1\nexec ffmpeg "$@"\n`);
    await chmod(ffmpeg, 0o755);
    expect(await findRefused(made.frames, { ...options, tools: { ...tools, ffmpeg } })).toEqual([]);
    expect((await readFile(join(made.folder, "n"), "utf8")).trim()).toBe("3");
  });

  test("returns what it has found when its time is up", async () => {
    await using made = await makeFrames({ count: 40, ...form });
    const [first = ""] = made.frames;
    const last = made.frames.at(-1) ?? "";
    await writeFile(last, "no picture");
    // It handles the block with the last frame in time, and hangs on the block before it.
    const ffmpeg = join(made.folder, "ffmpeg");
    const marker = join(made.folder, "tried");
    const script = [
      "#!/bin/sh",
      `input=$(mktemp '${made.folder}/input.XXXXXX')`,
      'cat > "$input"',
      `if cmp -s -n ${(await stat(first)).size} "$input" '${first}'; then touch '${marker}'; exec sleep 60; fi`,
      `exec '${tools.ffmpeg}' "$@" < "$input"`,
    ];
    await writeFile(ffmpeg, script.join("\n"));
    await chmod(ffmpeg, 0o755);
    const slow = { ...options, tools: { ...tools, ffmpeg }, searchMs: 8_000 };
    expect((await findRefused(made.frames, slow, true)).map(({ path }) => path)).toEqual([last]);
    expect(await readdir(made.folder)).toContain("tried");
  });

  test("ends when its time is up, and when it is aborted", async () => {
    await using made = await makeFrames({ count: 1, ...form });
    const ffmpeg = join(made.folder, "ffmpeg");
    const started = join(made.folder, "started");
    await writeFile(ffmpeg, `#!/bin/sh\ntouch '${started}'\nexec sleep 60\n`);
    await chmod(ffmpeg, 0o755);
    const slow = { ...options, tools: { ...tools, ffmpeg } };
    expect(await findRefused(made.frames, { ...slow, searchMs: 200 })).toEqual([]);
    await rm(started, { force: true });
    const stop = new AbortController();
    const searching = findRefused(made.frames, { ...slow, signal: stop.signal });
    searching.catch(() => {}); // awaited below
    await waitFor(() => existsSync(started), "FFmpeg to be started");
    stop.abort(new Error("enough"));
    await expect(searching).rejects.toThrow("enough");
  });
});
