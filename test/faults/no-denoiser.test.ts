import { execa } from "execa";
import { beforeAll, describe, expect, test } from "vitest";
import { blenderPath, pixelsOf, renderAlone, saveScene } from "../support/blender.ts";
import { expectClean } from "../support/lab/fault-lab.ts";
import { blenderLabProblem, FarmLab, requireBuild, skipBecause } from "../support/lab/lab.ts";
import type { LabCoordinator } from "../support/lab/lab-coordinator.ts";
import { storedFrames } from "../support/lab/lab-results.ts";

/** Why this test is pointless here; undefined if it is not. */
async function denoiserProblem(): Promise<string | undefined> {
  if (blenderPath === undefined) return blenderLabProblem;
  const ask = "import _cycles, sys; sys.exit(7 if _cycles.with_openimagedenoise else 0)";
  const { exitCode } = await execa(blenderPath, ["-b", "--factory-startup", "--python-expr", ask], { reject: false });
  return exitCode === 7 ? "this Blender has a denoiser" : undefined;
}

const problem = blenderLabProblem ?? (await denoiserProblem());

describe.skipIf(skipBecause(problem))("a scene with denoising, on a Blender without a denoiser", () => {
  beforeAll(() => requireBuild());

  const frames = async (output: string) => (await storedFrames(output)).map(({ frame }) => frame).sort((a, b) => a - b);

  test.each([[["north"]], [["north", "south"]]])(
    "fails as with `blender -a`, on %j: with the cause, and no frame counts as rendered",
    async (names) => {
      await using lab = await FarmLab.open();
      const nodes = await Promise.all(names.map((name) => lab.startNode(name, { under: "python3" })));
      const blend = lab.path("denoised.blend");
      await saveScene("denoised.py", blend, ["3", "all"]);
      await expect(renderAlone(blend, lab.path("alone"))).rejects.toMatchObject({ exitCode: 1 });
      const output = lab.path("film.mp4");
      const addresses = nodes.map(({ port }) => `127.0.0.1:${port}`).join(",");

      const run = lab.coordinate([blend, "-o", output, "--nodes", addresses, "--yes"]);

      const { code, last } = await run.end();
      expect({ code, last }, run.story()).toMatchObject({ code: 4, last: { type: "job:failed" } });
      expect(`${last?.message} ${last?.hint}`).toMatch(/failed \(NO_DENOISER\): 1-3 .*turn denoising off/);
      expect(run.all("frame:stored")).toEqual([]);
      expect(failures(run)).toEqual([1, 2, 3].map((frame) => [frame, "NO_DENOISER"]));
      expect(await frames(output)).toEqual([]);
      await expectClean(lab, output);
    },
  );

  test("in only two of its frames: the others are rendered correctly, and those two are named", async () => {
    await using lab = await FarmLab.open();
    const { port } = await lab.startNode("north", { under: "python3" });
    const [blend, plain] = [lab.path("denoised.blend"), lab.path("plain.blend")];
    await saveScene("denoised.py", blend, ["6", "2,5"]);
    await saveScene("denoised.py", plain, ["6", "none"]);
    await renderAlone(plain, lab.path("alone"));
    const output = lab.path("film.mp4");

    const run = lab.coordinate([blend, "-o", output, "--nodes", `127.0.0.1:${port}`, "--yes"]);

    const { code, last } = await run.end();
    expect({ code, last }, run.story()).toMatchObject({ code: 4, last: { message: expect.stringMatching(/: 2,5$/) } });
    expect(failures(run)).toEqual([2, 5].map((frame) => [frame, "NO_DENOISER"]));
    const good = [1, 3, 4, 6];
    expect(await frames(output)).toEqual(good);
    expect(await pixelsOf(`${output}.renderfarm/frames`, good)).toEqual(await pixelsOf(lab.path("alone"), good));
    expect(run.all("frame:started").length).toBeLessThanOrEqual(good.length + 2 * 3);
    await expectClean(lab, output);
  });
});

/** Failed frames, with the error code. */
function failures(run: LabCoordinator): unknown[] {
  const failed = run.all("frame:failed").map(({ frame, code }) => [Number(frame), code] as const);
  return failed.sort(([one], [other]) => one - other);
}
