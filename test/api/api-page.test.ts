import { mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { expect, test } from "vitest";
import { formatFarmKey } from "../../src/config/farm-key-text.ts";
import { range, ScriptedFarm } from "../support/nodes/scripted-farm.ts";

const project = fileURLToPath(new URL("../../", import.meta.url));
const page = await readFile(join(project, "docs/api.md"), "utf8");
const programs = [...page.matchAll(/```js\n([\s\S]*?)```/g)].map(([, program = ""]) => program);

test("the programs in docs/api.md run unchanged on the nodes that they are given", async () => {
  await using farm = await ScriptedFarm.open();
  const node = await farm.start({ slots: 1 });
  const folder = farm.path("program");
  await mkdir(join(folder, "node_modules"), { recursive: true });
  await symlink(project, join(folder, "node_modules/blender-renderfarm"), "junction");
  await writeFile(join(folder, "scene.blend"), await readFile(farm.blend));
  expect(programs).toHaveLength(2);
  const { host, port } = node.server.address;
  const nodes = JSON.stringify([{ address: { host, port } }]);
  for (const [index, program] of programs.entries()) {
    const file = join(folder, `${index}.mjs`);
    // The only change: the nodes are named, since tests do not use mDNS.
    await writeFile(file, program.replace('"out.mp4"', `"${index}.mp4", nodes: ${nodes}, allowSleep: true`));
    const { stdout } = await execa(process.execPath, [file], {
      ...{ cwd: folder, extendEnv: false },
      env: {
        ...{ PATH: process.env.PATH, HOME: folder, RENDERFARM_KEY: formatFarmKey(farm.key) },
        RENDERFARM_CONFIG_DIR: farm.path("config"),
      },
    });
    const lines = stdout.split("\n");
    if (index === 0) expect(lines).toEqual(["completed"]);
    else expect(lines.slice(0, -1)).toEqual(range(1, 24).map((stored) => `${stored} of 24`));
  }
});
