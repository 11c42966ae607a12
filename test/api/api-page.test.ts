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
  let onCancelled = () => {};
  const node = await farm.start({
    slots: 1,
    onMessage: ({ type }) => {
      if (type === "frame-withdraw") onCancelled();
      return false;
    },
  });
  const folder = farm.path("program");
  await mkdir(join(folder, "node_modules"), { recursive: true });
  await symlink(project, join(folder, "node_modules/blender-renderfarm"), "junction");
  await writeFile(join(folder, "scene.blend"), await readFile(farm.blend));
  expect(programs).toHaveLength(3);
  const { host, port } = node.server.address;
  const nodes = JSON.stringify([{ address: { host, port } }]);
  for (const [index, program] of programs.entries()) {
    if (index === 2) {
      const cancelled = new Promise<void>((resolve) => {
        onCancelled = resolve;
      });
      node.node.options.beforeFrame = (frame) => (frame === 14 ? cancelled : undefined); // a fake node is too quick
    }
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
    if (index === 1) expect(lines.slice(0, -1)).toEqual(range(1, 24).map((stored) => `${stored} of 24`));
    if (index === 2) {
      const stored = lines.slice(0, -1).map((line) => /^duck 010: (\d+) of 24, frame \d+ by fake$/.exec(line)?.[1]);
      expect(stored.slice(0, 12)).toEqual(range(1, 12).map(String));
      expect(stored.length).toBeLessThan(16); // only what was being rendered was finished
      const rest = 24 - stored.length;
      expect(lines.at(-1)).toBe(`duck 010 was cancelled; the same call renders the other ${rest} frames`);
      expect(node.node.heard.filter(({ type }) => type === "job-open").at(-1)).toMatchObject({
        ...{ name: "duck 010", holder: expect.stringMatching(/^anna@/) },
      });
    }
  }
});
