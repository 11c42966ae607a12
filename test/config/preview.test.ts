import { expect, test } from "vitest";
import { previewNameOf } from "../../src/config/preview.ts";

test.each([
  ["/films/out.mp4", "/films/out.preview.mp4"],
  ["/films/duck.v2.webm", "/films/duck.v2.preview.webm"],
  ["/films/OUT.GIF", "/films/OUT.preview.GIF"],
  ["/films/shot_####.png", "/films/shot_####.preview.png"],
  ["/films/shot/", "/films/shot.preview/"],
  ["/films/shot", "/films/shot.preview/"],
  ["/films/duck.v2", "/films/duck.v2.preview/"],
  ["/films/duck.mp4/", "/films/duck.mp4.preview/"],
  ["/films.mp4/out", "/films.mp4/out.preview/"],
])("the preview of %s is %s, and that name stays", (output, preview) => {
  expect(previewNameOf(output)).toBe(preview);
  expect(previewNameOf(preview)).toBe(preview);
});
