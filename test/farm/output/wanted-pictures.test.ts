import { expect, test } from "vitest";
import type { PictureForm } from "../../../src/core/pictures/picture-form.ts";
import { outputFormatOf } from "../../../src/encode/output-format.ts";
import { wantedSequencesOf } from "../../../src/farm/output/pictures/picture-sets.ts";
import { requireForm } from "../../../src/farm/output/pictures/wanted-pictures.ts";

const inStereo: PictureForm = { format: "exr", depth: 16, suffixes: ["_L", "_R"], numbered: true, nodes: 0 };
const format = { width: 32, height: 24, depth: 8, colorMode: "RGB" } as const;
const alone: PictureForm = { ...inStereo, suffixes: [""] };

/** What an error of encode advises for frames of this form. */
function adviceFor(form: PictureForm, output: string): string {
  const wanted = outputFormatOf(output);
  try {
    requireForm(form, { format: undefined, depth: undefined, passes: true }, wanted);
    const facts = { frames: [1], rate: { numerator: 24, denominator: 1 }, frameFormat: format, pictures: form };
    wantedSequencesOf({ facts, format: wanted, beside: undefined, output });
  } catch (error) {
    return String((error as { hint?: string }).hint);
  }
  return "";
}

test("what is advised in place of an output that cannot be made can be made itself", () => {
  expect(adviceFor(inStereo, "film.mp4")).toContain("Give pictures: --output frame_####.exr;");
  expect(adviceFor(inStereo, "f_####.jpg")).toBe("Give --output frame_####.exr; or render again with --format jpeg");
  expect(adviceFor(alone, "f_####.jpg")).toContain("Give --output frame_####.exr, or a video;");
  expect(adviceFor(inStereo, "f_####.exr")).toBe("");
  expect(adviceFor(alone, "film.mp4")).toBe("");
});
