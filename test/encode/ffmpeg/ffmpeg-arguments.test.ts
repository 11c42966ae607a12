import { expect, test } from "vitest";
import { encodeArguments } from "../../../src/encode/ffmpeg/ffmpeg-arguments.ts";
import { videoFormatOf } from "../../support/ffmpeg.ts";

const rgb = { depth: 8, colorMode: "RGB" } as const;
const rate = { numerator: 24000, denominator: 1001 };
const target = "/videos/with space, 100%/.out.mp4.part";

test("encodeArguments() is the whole command line", () => {
  const settings = { format: videoFormatOf("OUT.MP4"), rate, width: 64, height: 48, ...rgb };
  expect(encodeArguments(settings, target)).toEqual([
    ...["-framerate", "24000/1001", "-f", "image2pipe", "-c:v", "png", "-err_detect", "explode+crccheck"],
    ...["-i", "pipe:0", "-y", "-vcodec", "libx264", "-filter:v"],
    [
      "scale=out_color_matrix=bt709:out_range=tv:flags=bicubic+accurate_rnd+full_chroma_int",
      "format=yuv420p",
      "setparams=range=tv:colorspace=bt709:color_primaries=bt709:color_trc=bt709",
    ].join(","),
    ...["-hide_banner", "-loglevel", "warning", "-nostats", "-progress", "pipe:1", "-xerror", "-an"],
    ...["-preset", "medium", "-crf", "18"],
    ...["-color_range", "tv", "-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709"],
    ...["-movflags", "+faststart", "-f", "mp4", target],
  ]);
});

test("encodeArguments() pads only odd sizes", () => {
  const filtersFor = (width: number, height: number) =>
    encodeArguments({ format: videoFormatOf("a.mkv"), rate, width, height, ...rgb }, target).find((text) =>
      text.startsWith("format=gbrp16le,"),
    );
  expect(filtersFor(64, 48)).toBeUndefined();
  expect(filtersFor(63, 48)).toContain("pad=64:48:0:0,fillborders=right=1:bottom=0:mode=smear");
  expect(filtersFor(63, 47)).toContain("pad=64:48:0:0,fillborders=right=1:bottom=1:mode=smear");
});
