import { normalize } from "node:path";
import { expect, test } from "vitest";
import type { VideoCodec } from "../../src/core/video-codec.ts";
import { outputFormatOf } from "../../src/encode/output-format.ts";
import { frameNameOf, framePathOf } from "../../src/encode/pictures/frame-names.ts";
import { videoFormatOf } from "../support/ffmpeg.ts";

const all: readonly VideoCodec[] = ["h264", "hevc", "av1", "vp9", "prores", "ffv1"];

test.each([
  ["a.mp4", ["h264", "hevc", "av1"]],
  ["a.MKV", ["h264", "hevc", "av1", "vp9", "prores", "ffv1"]],
  ["a.webm", ["vp9", "av1"]],
  ["a.mov", ["prores", "h264", "hevc"]],
] as const)(
  "outputFormatOf() uses for %s the first of %j by default, allows the others, and nothing else",
  (path, possible) => {
    expect(videoFormatOf(path).codec.name).toBe(possible[0]);
    for (const codec of all) {
      if ((possible as readonly string[]).includes(codec)) {
        expect(videoFormatOf(path, { codec }).codec.name).toBe(codec);
        continue;
      }
      expect(() => outputFormatOf(path, { codec })).toThrow(
        expect.objectContaining({ code: "FARM_BAD_INPUT", hint: expect.stringContaining(possible[0]) }),
      );
    }
  },
);

test("outputFormatOf() checks --crf against the codec's scale", () => {
  expect(videoFormatOf("a.mp4", { crf: 0 }).crf).toBe(0);
  expect(videoFormatOf("a.webm", { crf: 63 }).crf).toBe(63);
  for (const [path, wishes] of [
    ["a.mp4", { crf: 52 }],
    ["a.mp4", { crf: 1.5 }],
    ["a.webm", { crf: -1 }],
    ["a.mov", { crf: 10 }],
    ["a.mkv", { crf: 10, codec: "ffv1" }],
    ["a.gif", { crf: 10 }],
    ["a.gif", { codec: "h264" }],
    ["a_####.png", { codec: "h264" }],
  ] as const) {
    expect(() => outputFormatOf(path, wishes)).toThrow(expect.objectContaining({ code: "FARM_BAD_INPUT" }));
  }
});

test("outputFormatOf() lists the possible extensions if it does not know one", () => {
  for (const path of ["video.wmv", "a.b", "frame_####.tga"]) {
    expect(() => outputFormatOf(path)).toThrow(
      expect.objectContaining({
        code: "FARM_BAD_INPUT",
        hint: expect.stringContaining(".mp4, .mkv, .webm, .mov, .gif"),
      }),
    );
  }
  expect(() => outputFormatOf("still.png")).toThrow(
    expect.objectContaining({ hint: expect.stringContaining("still_####.png") }),
  );
});

test.each([
  ["/x/frame_####.png", 7, "/x/frame_0007.png"],
  ["/x/frame_####", -1, "/x/frame_-0001.png"],
  ["/x/##_a_##.png", 123, "/x/##_a_123.png"],
  ["/x/d##/", -12345, "/x/d##/-12345.png"],
  ["/x/frames", 0, "/x/frames/0000.png"],
  ["/x/shot.v2/", 1, "/x/shot.v2/0001.png"],
  ["/x/f#_end.png", 12, "/x/f12_end.png"],
])("outputFormatOf() treats %s as an image sequence: frame %d is %s", (path, frame, expected) => {
  const format = outputFormatOf(path);
  expect(format.kind === "sequence" && framePathOf(format.names, frame)).toBe(normalize(expected));
});

test("outputFormatOf() treats an existing folder as one, whatever its name", () => {
  const format = outputFormatOf("/x/clip.mp4", { isFolder: true });
  expect(format.kind === "sequence" && frameNameOf(format.names, 24)).toBe("0024.png");
});
