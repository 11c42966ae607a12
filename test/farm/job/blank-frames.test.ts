import { beforeEach, expect, test } from "vitest";
import type { Frame } from "../../../src/core/node.ts";
import { BlankFrames } from "../../../src/farm/job/blank-frames.ts";
import { DoubtedFrames } from "../../../src/farm/job/doubted-frames.ts";
import { JobTotals } from "../../../src/farm/job/job-totals.ts";
import type { FrameRecord } from "../../../src/frames/frame-record.ts";

/** A store in memory, in front of an output that remembers what it was given. */
class Farm {
  readonly records = new Map<Frame, FrameRecord>();
  readonly accepted: Frame[] = [];
  /** Frames that were taken out, to be rendered again. */
  again: Frame[] = [];
  readonly totals = new JobTotals(() => {}, 0);
  readonly doubted = new DoubtedFrames({
    recordOf: (frame) => this.records.get(frame),
    drop: async (frames) => expect(this.accepted).not.toEqual(expect.arrayContaining([...frames])),
    setAside: async ({ frame }) => {
      this.records.delete(frame);
      return "";
    },
    onAside: ({ frame }, error) => {
      expect(error?.code).toBe("BLANK_FRAME");
      this.again.push(frame);
    },
    onBroken: (error) => expect(error).toBeUndefined(),
    tell: () => {},
    nameOf: (node) => node,
  });
  readonly blanks: BlankFrames;

  constructor(frames: number) {
    this.blanks = new BlankFrames({
      frames: Array.from({ length: frames }, (_, index) => index + 1),
      ...{ doubted: this.doubted, totals: this.totals, accept: (frame) => this.accepted.push(frame) },
    });
  }

  /** Stores frames; those that are named as blank have that colour. @returns The frames to be rendered again */
  async store(frames: readonly Frame[], blank: Readonly<Record<Frame, string>> = {}): Promise<readonly Frame[]> {
    for (const frame of frames) {
      const flat = blank[frame];
      const node = { id: "a", name: "attic" };
      const made = { blender: "3.4.1", device: "CPU", attempts: 1, seconds: 1, sha256: "1", sizeBytes: 9 };
      this.records.set(frame, { frame, node, ...made, ...(flat !== undefined && { flat }) });
      this.blanks.stored(frame);
      await this.doubted.idle;
    }
    const { again } = this;
    this.again = [];
    return again;
  }
}

const black = "000000";
let farm: Farm;
beforeEach(() => {
  farm = new Farm(8);
});

test("a blank frame between others is rendered again before it is used", async () => {
  expect(await farm.store([1, 2, 4, 3], { 3: black })).toEqual([3]);
  expect(farm.accepted).toEqual([1, 2, 4]);
  expect(await farm.store([3])).toEqual([]);
  expect(farm.accepted).toEqual([1, 2, 4, 3]);
  expect(farm.totals.warnings).toEqual([]);
});

test("a frame that is blank twice is used, with a note", async () => {
  await farm.store([1, 2, 3, 4], { 3: black });
  expect(await farm.store([3], { 3: black })).toEqual([]);
  expect(farm.accepted).toEqual([1, 2, 4, 3]);
  expect(farm.totals.warnings).toEqual(["Frame 3 is one flat colour (000000); frame 3 was rendered twice, and is"]);
});

test("of a fade one frame is rendered again, once", async () => {
  const fade = { 3: black, 4: black, 5: black, 6: black };
  expect(await farm.store([1, 2, 3, 4, 5, 6], fade)).toEqual([]); // how far it goes is not known yet
  expect(await farm.store([7], fade)).toEqual([3]);
  expect(await farm.store([3, 8], fade)).toEqual([]);
  expect(farm.accepted.toSorted()).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  expect(farm.totals.warnings).toEqual(["Frames 3-6 are one flat colour (000000); frame 3 was rendered twice, and is"]);
});

test("if the frame that is rendered again is not blank, its whole run is rendered again", async () => {
  await farm.store([1, 2, 3, 4, 5, 6], { 3: black, 4: black, 5: black });
  expect(await farm.store([3])).toEqual([4, 5]);
  expect(farm.accepted).toEqual([1, 2, 6, 3]);
  expect(await farm.store([4, 5], { 5: black })).toEqual([]); // frame 5 was the same twice
  expect(farm.accepted).toEqual([1, 2, 6, 3, 4, 5]);
});

test("frames at the ends of the job have one neighbour", async () => {
  expect(await farm.store([1, 2, 8, 7], { 1: black, 8: "ffffff" })).toEqual([1, 8]);
});

test("a job of nothing but blank frames is what its scene shows", async () => {
  const all = [1, 2, 3, 4, 5, 6, 7, 8];
  expect(await farm.store(all, Object.fromEntries(all.map((frame) => [frame, black])))).toEqual([]);
  expect(farm.accepted.toSorted()).toEqual(all);
});
