import { symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { checkPictureFile } from "../../../src/frames/check/pictures/picture-check.ts";
import type { PictureExpectation } from "../../../src/frames/check/pictures/picture-expectation.ts";
import { formatOfContent } from "../../../src/frames/check/pictures/picture-format.ts";
import { acceptedCuts, codeOfPicture } from "../../support/check-picture.ts";
import { makeExr } from "../../support/make-exr.ts";
import { joinWebp, lossyPixels, makeJpeg, makeTiff } from "../../support/make-pictures.ts";
import { makeBlankPng, makePng } from "../../support/png.ts";
import { makeTemporaryFolder } from "../../support/temporary-folder.ts";

const any: PictureExpectation = { format: "png", size: null, depth: null, frame: 7, mustHaveFrame: false };

describe("PNG among the pictures", () => {
  const format = { width: 9, height: 5, depth: 16, colorMode: "RGBA" } as const;

  test("is checked as a frame is, of any size, depth and colours", async () => {
    const good = makePng(format, 7);
    expect(await codeOfPicture(good, any)).toBe("ok");
    expect(await codeOfPicture(good, { ...any, size: { width: 9, height: 5 }, depth: 16, mustHaveFrame: true })).toBe(
      "ok",
    );
    expect(await codeOfPicture(makePng({ ...format, depth: 8, colorMode: "BW" }, 7), any)).toBe("ok");
    expect(await acceptedCuts(good, any)).toEqual([]);
    expect(await codeOfPicture(good, { ...any, size: { width: 5, height: 9 } })).toBe("WRONG_SIZE");
    expect(await codeOfPicture(good, { ...any, depth: 8 })).toBe("WRONG_DEPTH");
    expect(await codeOfPicture(good, { ...any, depth: 32 })).toBe("WRONG_DEPTH");
    expect(await codeOfPicture(good, { ...any, frame: 8 })).toBe("WRONG_FRAME");
    expect(await codeOfPicture(good, { ...any, frame: null })).toBe("ok");
  });

  test("may have no frame number, and an impossible size is refused", async () => {
    const text = Buffer.from("tEXtFrame\x007", "latin1");
    const png = makeBlankPng(format, 7);
    const at = png.indexOf(text) - 4;
    const silent = Buffer.concat([png.subarray(0, at), png.subarray(at + 4 + text.length + 4)]);
    expect(await codeOfPicture(silent, any)).toBe("ok");
    expect(await codeOfPicture(silent, { ...any, mustHaveFrame: true })).toBe("WRONG_FRAME");
    const huge = Buffer.from(png);
    huge.writeUInt32BE(0x7fff_ffff, 16);
    expect(await codeOfPicture(huge, any)).toBe("WRONG_SIZE");
  });
});

test("the format of a picture is found by its content; others are not checked", async () => {
  await using folder = await makeTemporaryFolder();
  const path = join(folder.path, "picture.png");
  const layers = makeExr({ attributes: (all) => [["BlenderMultiChannel", "string", Buffer.from("x")], ...all] });
  const files: [Uint8Array, string | null][] = [
    [makePng({ width: 9, height: 5, depth: 8, colorMode: "RGB" }, 1), "png"],
    [makeExr(), "exr"],
    [layers, "exr-multilayer"],
    [makeExr().subarray(0, 20), "exr"],
    [makeJpeg(), "jpeg"],
    [makeTiff(), "tiff"],
    [makeTiff({ isBigEndian: true }), "tiff"],
    [joinWebp(lossyPixels()), "webp"],
    ...["BM\x00\x00", "#?RADIANCE\n", "SDPX", "", "RIFF1234WAVE"].map(
      (text) => [Buffer.from(text), null] as [Buffer, null],
    ),
  ];
  for (const [bytes, format] of files) {
    await writeFile(path, bytes, { mode: 0o600 });
    expect(await formatOfContent(path)).toBe(format);
  }
});

test("a link is not followed, and a check ends when it is aborted", async () => {
  await using folder = await makeTemporaryFolder();
  const [path, link] = [join(folder.path, "picture"), join(folder.path, "link")];
  await writeFile(path, makeJpeg(), { mode: 0o600 });
  await symlink(path, link);
  const wanted: PictureExpectation = { ...any, format: "jpeg" };
  await expect(checkPictureFile(link, wanted)).rejects.toMatchObject({ code: "FARM_UNSAFE_PATH" });
  await expect(formatOfContent(link)).rejects.toMatchObject({ code: "FARM_UNSAFE_PATH" });
  await expect(checkPictureFile(path, wanted, AbortSignal.abort(new Error("enough")))).rejects.toThrow("enough");
});
