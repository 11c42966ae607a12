import { existsSync } from "node:fs";
import { mkdir, rename, rm } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { describe, expect, test } from "vitest";
import { pixelsOf } from "../../support/blender.ts";
import { FarmLab, requireBuild } from "../../support/lab/lab.ts";
import { completion } from "../../support/lab/lab-results.ts";

/** The folder with Blender as a Python module; empty if there is none. */
const module = process.env.RENDERFARM_BPY ?? "";

const recipe = fileURLToPath(new URL("../scenes/formats.py", import.meta.url));

const frames = [1, 2, 3, 4];

/** Builds the production, has Blender itself render it, and moves it. */
async function build(lab: FarmLab, more: readonly string[] = []): Promise<void> {
  await mkdir(lab.path("artist/shots"), { recursive: true });
  const words = [recipe, "--", lab.path("artist/shots/shot.blend"), lab.path("alone"), ...more];
  await execa("/usr/bin/python3", words, { env: { PYTHONPATH: module } });
  await rename(lab.path("artist"), lab.path("project"));
}

async function renderElsewhere(lab: FarmLab) {
  requireBuild();
  const node = await lab.startModuleNode("module", module);
  const options = ["--asset-root", lab.path("project"), "--nodes", `127.0.0.1:${node.port}`, "--keep-frames", "--yes"];
  return await completion(
    lab.coordinate([lab.path("project/shots/shot.blend"), "-o", lab.path("film.mp4"), ...options]),
  );
}

describe.skipIf(module === "")("a production that has moved since it was saved", () => {
  test("with Alembic, a sequence of Alembic files, USD and OSL renders as on the artist's machine", async () => {
    await using lab = await FarmLab.open();
    await build(lab);
    expect(await renderElsewhere(lab)).toMatchObject({ frames: 4, warnings: [] });
    const alone = await pixelsOf(lab.path("alone"), frames);
    expect(new Set(alone).size).toBe(4);
    expect(await pixelsOf(lab.path("film.mp4.renderfarm/frames"), frames)).toEqual(alone);
    expect(await lab.leftovers()).toEqual({ processes: [], files: [] });
  });

  test("with an OSL shader that writes a file renders without it", async () => {
    await using lab = await FarmLab.open();
    const written = lab.path("written");
    await build(lab, [written]);
    await rm(written, { force: true }); // whether OSL writes there depends on its version
    const { warnings } = await renderElsewhere(lab);
    expect(warnings).toEqual([expect.stringContaining("Scripts in the file were not run: OSL shader of node")]);
    expect(existsSync(written)).toBe(false);
  });
});
