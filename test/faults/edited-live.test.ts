import { writeFile } from "node:fs/promises";
import { beforeAll, describe, expect, test } from "vitest";
import { pixelsOf, renderAlone, saveScene } from "../support/blender.ts";
import { expectClean, freeze, slotsOf } from "../support/lab/fault-lab.ts";
import { blenderLabProblem, FarmLab, requireBuild, skipBecause } from "../support/lab/lab.ts";
import { completion } from "../support/lab/lab-results.ts";
import { range } from "../support/nodes/scripted-farm.ts";
import { makePng } from "../support/png.ts";

const frames = range(1, 8);
const format = { width: 64, height: 64, depth: 8, colorMode: "RGB" } as const;

describe.skipIf(skipBecause(blenderLabProblem))("a texture that is changed while a node has the job", () => {
  beforeAll(requireBuild);

  /** A node that outlives its coordinators, the textured scene, and its frames with each texture. */
  async function studio(lab: FarmLab) {
    const north = await lab.startNode("north", { under: "python3" });
    const [blend, texture, output] = [lab.path("scene.blend"), lab.path("texture.png"), lab.path("film.mp4")];
    const paint = (seed: number) => writeFile(texture, makePng(format, seed));
    const looks = async (name: string) => {
      await renderAlone(blend, lab.path(name));
      return pixelsOf(lab.path(name), frames);
    };
    await paint(77);
    await saveScene("textured.py", blend, [texture, "0"]);
    const painted = await looks("painted");
    await paint(3);
    const plain = await looks("plain");
    expect(painted.filter((pixel) => plain.includes(pixel))).toEqual([]);
    const job = [blend, "-o", output, "--nodes", `127.0.0.1:${north.port}`, "--keep-frames", "--yes"];
    const kept = () => pixelsOf(`${output}.renderfarm/frames`, frames);
    return { north, output, job, kept, plain, painted, repaint: () => paint(77) };
  }

  test("the coordinator was killed: the same command renders every frame with the new texture", async () => {
    await using lab = await FarmLab.open();
    const { output, job, kept, painted, repaint } = await studio(lab);
    const first = lab.coordinate(job);
    await first.event("frame:stored", 3);
    first.signal("SIGKILL");
    await first.end();
    await repaint();

    const second = lab.coordinate(job);
    expect(await completion(second)).toMatchObject({ frames: 8, reused: 0 });
    expect(second.all("job:restarted")).toMatchObject([{ reason: expect.stringMatching(/uses has changed/) }]);
    expect(await kept()).toEqual(painted);
    await expectClean(lab, output);
  });

  test("the texture did not change: the node keeps its loaded scene, and stored frames are kept", async () => {
    await using lab = await FarmLab.open();
    const { north, output, job, kept, plain } = await studio(lab);
    const first = lab.coordinate(job);
    await first.event("frame:stored", 3);
    const slots = await slotsOf(lab, north);
    first.signal("SIGKILL");
    await first.end();

    const second = lab.coordinate(job);
    await second.event("frame:stored");
    expect(await slotsOf(lab, north)).toEqual(slots);
    const { reused } = await completion(second);
    expect(reused).toBeGreaterThanOrEqual(3);
    expect(await kept()).toEqual(plain);
    await expectClean(lab, output);
  });

  test("nothing else happens: no later frame is used, and the job ends with the file's name", async () => {
    await using lab = await FarmLab.open();
    const { output, job, kept, plain, painted, repaint } = await studio(lab);
    const run = lab.coordinate(job);
    await run.event("frame:stored");
    await repaint();
    const { last } = await run.end();
    expect(last, run.story()).toMatchObject({
      type: "job:failed",
      message: expect.stringMatching(/texture\.png was changed while the job was rendering/),
      hint: expect.stringMatching(/[Rr]un the same command again/),
    });
    const stored = run.all("frame:stored").map(({ frame }) => Number(frame));
    const old = stored.map((frame) => plain[frames.indexOf(frame)]);
    expect(await pixelsOf(`${output}.renderfarm/frames`, stored)).toEqual(old);

    const again = lab.coordinate(job);
    expect(await completion(again)).toMatchObject({ frames: 8, reused: 0 });
    expect(await kept()).toEqual(painted);
    await expectClean(lab, output);
  });

  test("the slot dies: no frame with the new texture is mixed with old ones, and the node is excluded with the reason", async () => {
    await using lab = await FarmLab.open();
    const { north, output, job, kept, painted, repaint } = await studio(lab);
    const run = lab.coordinate(job);
    await run.event("frame:stored");
    const slots = await slotsOf(lab, north);
    await Promise.all(slots.map(freeze)); // so that it cannot finish before the change
    await repaint();
    for (const pid of slots) process.kill(pid, "SIGKILL");
    const { code, last } = await run.end();
    expect({ code, last }, run.story()).toMatchObject({
      last: {
        type: "job:failed",
        message: expect.stringMatching(/texture\.png was changed while the job was rendering/),
        hint: expect.stringMatching(/[Rr]un the same command again/),
      },
    });
    expect(code).not.toBe(0);

    const again = lab.coordinate(job);
    expect(await completion(again)).toMatchObject({ frames: 8, reused: 0 });
    expect(await kept()).toEqual(painted);
    await expectClean(lab, output);
  });
});
