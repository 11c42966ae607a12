import { mkdir, readdir, rename } from "node:fs/promises";
import { execa } from "execa";
import { beforeAll, describe, expect, test } from "vitest";
import { productionScene, saveScene } from "../../support/blender.ts";
import { blenderLabProblem, FarmLab, requireBuild, skipBecause } from "../../support/lab/lab.ts";
import { builtProgram } from "../../support/lab/lab-coordinator.ts";
import { findFont, makeClip } from "../../support/media.ts";

describe.skipIf(skipBecause(blenderLabProblem))("renderfarm check", () => {
  beforeAll(requireBuild);

  test("shows the files that a render would send and fails as it would, on this machine and on a node", async () => {
    await using lab = await FarmLab.open();
    await mkdir(lab.path("artist/shots"), { recursive: true });
    const clip = await makeClip(lab.path("clip.mp4"));
    await saveScene(productionScene("production"), lab.path("artist/shots/shot.blend"), [clip, await findFont()]);
    await rename(lab.path("artist"), lab.path("project"));
    const before = await filesIn(lab.path("project"));
    const blend = lab.path("project/shots/shot.blend");
    const check = (...words: string[]) =>
      execa(process.execPath, [builtProgram, "check", blend, ...words], {
        ...{ reject: false, extendEnv: false, env: lab.environment, cwd: lab.path("") },
      });

    const refused = await check("--local", "--json");
    expect(refused.exitCode).toBe(2);
    expect(refused.stderr).toMatch(/^Error: Cannot render: \d+ files that the blendfile uses cannot be found/);
    const told = JSON.parse(refused.stdout);
    expect(told).toMatchObject({ type: "check", scene: { frames: "1-4" }, error: { code: "FARM_FILES_MISSING" } });
    expect(told.files[0].state).toBe("missing");
    expect(told.files.find(({ path }: { path: string }) => path === "//../tex/up.png")).toMatchObject({
      ...{ state: "missing", foundAt: null, why: expect.stringContaining("outside the project") },
    });

    const node = await lab.startNode("box");
    const root = ["--asset-root", lab.path("project")];
    const good = await check("--nodes", `127.0.0.1:${node.port}`, ...root, "--json");
    expect(good, good.stderr).toMatchObject({ exitCode: 0 });
    const { files, nodes, warnings, error, toSend } = JSON.parse(good.stdout);
    expect({ error, nodes }).toMatchObject({ error: null, nodes: [{ name: "box" }] });
    const states = new Map(files.map(({ path, state }: { path: string; state: string }) => [path, state]));
    expect(Object.fromEntries(states)).toMatchObject({ "//../tex/up.png": "sent", "//beside.png": "sent" });
    expect(new Set(files.map(({ kind }: { kind: string }) => kind))).toEqual(new Set(["library", "image", "font"]));
    expect(warnings.map(({ code }: { code: string }) => code)).toContain("FILE_FOUND");
    expect(toSend.files).toBeGreaterThan(8);

    const shown = await check("--nodes", `127.0.0.1:${node.port}`, ...root);
    expect(shown, shown.stderr).toMatchObject({ exitCode: 0 });
    expect(shown.stdout).toMatch(
      /^library +\/\/\.\.\/lib\/deep\/deep\.blend +1 .* \.\.\/lib\/deep\/deep\.blend +yes$/m,
    );
    expect(shown.stdout).toContain("A render can begin");
    expect(shown.stderr).toBe(""); // the node has everything

    const deep = await check("--nodes", `127.0.0.1:${node.port}`, ...root, "--deep", "--json");
    expect(deep, deep.stderr).toMatchObject({ exitCode: 0 });
    expect(JSON.parse(deep.stdout).order).toEqual({ frames: [1, 2, 4], differing: [] });

    expect(await filesIn(lab.path("project"))).toEqual(before);
    expect(await lab.leftovers()).toEqual({ processes: [], files: [] });
  });
});

async function filesIn(folder: string): Promise<readonly string[]> {
  return (await readdir(folder, { recursive: true })).sort();
}
