import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { makeTemporaryFolder } from "../support/temporary-folder.ts";
import { runBlender, type TestedBlender, testedBlenders } from "./tested-blender.ts";

const scripts = fileURLToPath(new URL("../fidelity", import.meta.url));
const start = ["-b", "--factory-startup", "-noaudio", "--python-exit-code", "1", "-P"];

if (testedBlenders.length === 0)
  console.warn("Skipped: no Blenders were prepared, start these tests with `npm run test:blenders`");

describe.skipIf(testedBlenders.length === 0)("What a Blender evaluates at a frame", () => {
  test.each(testedBlenders.map((blender) => [blender.version, blender] as const))(
    "depends in %s on the frames before where something is simulated, and nowhere else",
    async (_, blender) => {
      await using folder = await makeTemporaryFolder();
      const features = ["cloth", "rigid_body", "newton_particles", "turning", "armature", "world_strength", "driven"];
      await runBlender(blender, folder.path, [...start, join(scripts, "make.py"), "--", folder.path, ...features]);
      const differing = [];
      for (const feature of features) {
        const blend = join(folder.path, `${feature}.blend`);
        const played = await digests(blender, blend, "play", 1, 5);
        const jumped = await digests(blender, blend, "jump", 5);
        expect(played[5]).not.toEqual(played[1]); // each of them moves something
        const names = Object.keys({ ...played[5], ...jumped[5] });
        if (names.some((name) => played[5]?.[name] !== jumped[5]?.[name])) differing.push(feature);
      }
      expect(differing).toEqual(["cloth", "rigid_body", "newton_particles"]);
    },
  );
});

/** By frame, and then by the name of the object or data-block. */
async function digests(
  blender: TestedBlender,
  blend: string,
  way: "play" | "jump",
  ...frames: number[]
): Promise<Record<number, Record<string, string>>> {
  const args = [...start, join(scripts, "order.py"), "--", blend, way, ...frames.map(String)];
  const told = await runBlender(blender, join(blend, ".."), args);
  return JSON.parse(/^digests (.*)$/m.exec(told)?.[1] ?? "{}");
}
