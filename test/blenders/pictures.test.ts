import { readFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { exrChannels } from "../support/exr.ts";
import {
  expectAccepted,
  expectSameChannels,
  formatsScript,
  isReadableExr,
  type RenderedPicture,
  renderedPictures,
} from "../support/rendered-pictures.ts";
import { makeTemporaryFolder } from "../support/temporary-folder.ts";
import { runBlender, testedBlenders } from "./tested-blender.ts";

const [oldest] = testedBlenders;
if (oldest === undefined)
  console.warn("Skipped: no Blenders were prepared, start these tests with `npm run test:blenders`");

describe.skipIf(oldest === undefined).each(testedBlenders.map((blender) => [blender.version, blender] as const))(
  "Blender %s",
  (version, blender) => {
    const isOld = version.startsWith("2.");

    test("renders and saves no picture that the check refuses, and both have the same samples", async () => {
      await using folder = await makeTemporaryFolder();
      const start = ["-b", "--factory-startup", "-noaudio", "--python-exit-code", "1"];
      await runBlender(blender, folder.path, [...start, "-P", formatsScript, "--", folder.path]);
      const pictures = await renderedPictures(folder.path);
      expect(new Set(pictures.map(({ expected }) => expected.format)).size).toBe(isOld ? 5 : 6);
      for (const picture of pictures) await expectAccepted(inTruth(picture, isOld));
      for (const picture of pictures.filter(({ isRendered }) => isRendered)) {
        const saved = pictures.find(({ name }) => name === picture.name.replace("-rendered", "-saved"));
        expect(saved, picture.name).toBeDefined();
        if (saved === undefined || !isReadableExr(picture)) continue;
        if (isOld) await expectSameColors(picture, saved);
        else await expectSameChannels(picture, saved);
      }
    });
  },
);

/** Blender 2.83 cannot save the layers of a render result: the file has only the picture. */
function inTruth(picture: RenderedPicture, isOld: boolean): RenderedPicture {
  if (!isOld || picture.isRendered || picture.expected.format !== "exr-multilayer") return picture;
  return { ...picture, expected: { ...picture.expected, format: "exr" } };
}

/** What Blender 2.83 saves has no alpha unless it should, and no layers. */
async function expectSameColors(rendered: RenderedPicture, saved: RenderedPicture): Promise<void> {
  const [first, second] = [exrChannels(await readFile(rendered.path)), exrChannels(await readFile(saved.path))];
  const layer = rendered.expected.format === "exr-multilayer" ? "View Layer.Combined." : "";
  for (const color of ["R", "G", "B"]) expect(second.get(color), saved.name).toEqual(first.get(layer + color));
}
