import { beforeEach, expect, test } from "vitest";
import type { FarmError } from "../../../src/core/errors.ts";
import { DoubtedFrames } from "../../../src/farm/job/doubted-frames.ts";
import { JobTotals } from "../../../src/farm/job/job-totals.ts";
import { Samples } from "../../../src/farm/job/samples.ts";

const [width, height] = [16, 9];
const pixels = 3 * width * height;
/** A picture with a gradient, some steps brighter. */
const picture = (brighter = 0) => Buffer.from(Array.from({ length: pixels }, (_, at) => (at % 200) + 20 + brighter));
const black = Buffer.alloc(pixels);
const magenta = Buffer.from(picture().map((value, at) => (at < pixels / 4 ? ([255, 0, 255][at % 3] ?? 0) : value)));

/** Nodes, which send small pictures. */
class Farm {
  readonly excluded = new Map<string, string>();
  readonly again: number[] = [];
  readonly totals = new JobTotals(() => {}, 0);
  readonly #doubted = new DoubtedFrames({
    recordOf: (frame) => ({ frame, node: { id: "bad", name: "bad" } }) as ReturnType<DoubtedFrames["recordOf"]>,
    drop: async () => {},
    setAside: async () => "",
    onAside: ({ frame }) => this.again.push(frame),
    onBroken: (error) => expect(error).toBeUndefined(),
    tell: () => {},
    nameOf: (node) => node,
  });
  readonly #samples = new Samples({
    ...{ doubted: this.#doubted, totals: this.totals, nameOf: (node) => node },
    exclude: (node: string, { message }: FarmError) => this.excluded.set(node, message),
    framesOf: (node) => (node === "bad" ? [3, 4] : []),
  });

  async send(node: string, rgb: Buffer, size = { width, height }): Promise<void> {
    const about = { frame: 1, files: null, ...size };
    this.#samples.hear(node, { type: "job-sampled", ...about, pixels: rgb.toString("base64") });
    await this.#doubted.idle;
  }
}

let farm: Farm;
beforeEach(() => {
  farm = new Farm();
});

test("nodes that differ in the last bits agree", async () => {
  for (const [node, brighter] of [
    ["a", 0],
    ["b", 1],
    ["c", 3],
  ] as const)
    await farm.send(node, picture(brighter));
  expect([farm.totals.warnings, farm.excluded.size]).toEqual([[], 0]);
});

test.each([
  ["it is black", black, undefined],
  ["it is one flat colour", Buffer.alloc(pixels, 77), undefined],
  ["textures are missing", magenta, undefined],
  ["it has another size (9×16, not 16×9)", picture(), { width: 9, height: 16 }],
])("a node is not used while two others agree, and its frames are rendered again: %s", async (what, rgb, size) => {
  await farm.send("bad", rgb, size);
  await farm.send("a", picture());
  expect(farm.excluded.size).toBe(0); // one against one
  await farm.send("b", picture());
  expect([...farm.excluded]).toEqual([
    ["bad", `Cannot use bad: its small picture of the scene is not that of a, b: ${what}`],
  ]);
  expect(farm.again).toEqual([3, 4]);
});

test("with two nodes, nobody can tell which is right: both are named", async () => {
  await farm.send("a", picture());
  await farm.send("b", black);
  expect(farm.totals.warnings).toEqual(["Its small picture of the scene is not that of a: it is black (b)"]);
  expect(farm.excluded.size).toBe(0);
});

test("other colours are told, and used: they may be those of another graphics card", async () => {
  for (const node of ["a", "b"]) await farm.send(node, picture());
  await farm.send("c", picture(30));
  expect(farm.totals.warnings).toEqual([
    "Its small picture of the scene is not that of a, b: it has other colours (c)",
  ]);
  expect(farm.excluded.size).toBe(0);
});

test("a node that sends its picture again is judged by the new one, and nonsense by none", async () => {
  await farm.send("a", black);
  await farm.send("a", picture());
  await farm.send("b", picture());
  await farm.send("c", picture(), { width: 100, height: 9 });
  expect([farm.totals.warnings, farm.excluded.size]).toEqual([[], 0]);
});
