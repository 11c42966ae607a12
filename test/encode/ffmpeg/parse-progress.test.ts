import { expect, test } from "vitest";
import { ProgressParser } from "../../../src/encode/ffmpeg/parse-progress.ts";

const report = [
  "frame=0\nfps=0.00\ntotal_size=N/A\nout_time_us=-9223372036854775807\nout_time=N/A\nprogress=continue\n",
  "frame=24\r\nfps=12.0\r\ntotal_size=4096\r\nout_time_us=1000000\r\nspeed=1x\r\nprogress=end\r\n",
].join("");

test("ProgressParser reads a report in pieces of any size", () => {
  const blocks = [
    { frames: 0, seconds: 0, sizeBytes: 0 },
    { frames: 24, seconds: 1, sizeBytes: 4096 },
  ];
  for (const size of [1, 2, 7, 50, report.length]) {
    const parser = new ProgressParser();
    const parts = report.match(new RegExp(`[^]{1,${size}}`, "g")) ?? [];
    expect(parts.flatMap((part) => parser.push(part))).toEqual(blocks);
  }
});
