import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { requireBuild } from "../support/lab/lab.ts";
import { clickIn, codecsIn } from "../support/sound.ts";
import { nodeScripts, runBlender, testedBlenders } from "./tested-blender.ts";
import { VersionLab } from "./version-lab.ts";

const recipe = fileURLToPath(new URL("../support/scenes/sounding.py", import.meta.url));
/** Frames 20 to 29: the click at frame 25 comes after five of them. */
const [first, last, clickAt] = [20, 29, 25];
const unheard = ["muted", "silent", "scene_strip_of_camera"];
const onePiece = 1024 / 48_000;

if (testedBlenders.length === 0)
  console.warn("Skipped: no Blenders were prepared, start these tests with `npm run test:blenders`");

/** Mixes to a folder that does not exist, and waits a second instead of the usual time. */
const mixToNowhere = `
import sys
sys.path.insert(0, sys.argv[-1])
import bpy
from farm_slot import faults, sound
sound.STILL_S = 1
try:
    sound.mix(bpy.context.scene, 1, 9, "/nowhere/sound.flac", lambda: None)
except faults.SlotFault as fault:
    print("refused:", fault)
`;

describe.skipIf(testedBlenders.length === 0)("What is heard in a scene", () => {
  test.each(testedBlenders.map((blender) => [blender.version, blender] as const))(
    "is not waited for if Blender %s cannot write it",
    async (_, blender) => {
      const folder = await mkdtemp(join(tmpdir(), "renderfarm-sound-"));
      const start = ["-b", "--factory-startup", "-noaudio", "--python-exit-code", "1", "--python-expr", mixToNowhere];
      try {
        const told = await runBlender(blender, folder, [...start, "--", nodeScripts]);
        expect(told).toMatch(/^refused: /m);
      } finally {
        await rm(folder, { recursive: true });
      }
    },
    60_000,
  );

  test.each(testedBlenders.map((blender) => [blender.version, blender] as const))(
    "is mixed down by Blender %s, and heard in the video when its frame is shown",
    async (_, blender) => {
      requireBuild();
      await using lab = await VersionLab.open();
      await lab.startNode(blender);
      const scenes = lab.path("scenes");
      await mkdir(scenes);
      const start = ["-b", "--factory-startup", "-noaudio", "--python-exit-code", "1", "-P", recipe, "--", scenes];
      const made = await runBlender(blender, scenes, start);
      const kinds = [...made.matchAll(/^made (\w+)$/gm)].map(([, kind = ""]) => kind);
      expect(kinds.length).toBeGreaterThanOrEqual(11);
      for (const kind of kinds) {
        const output = join(scenes, `${kind}.mp4`);
        const run = lab.coordinate([join(scenes, `${kind}.blend`), "-o", output, "--frames", `${first}-${last}`]);
        expect((await run.end(120_000)).code, run.story()).toBe(0);
        const warned = run.all("warning").filter(({ code }) => code === "NO_SOUND");
        expect(warned, kind).toEqual([]);
        const isHeard = !unheard.includes(kind);
        expect(await codecsIn(output), kind).toEqual(isHeard ? ["h264", "aac"] : ["h264"]);
        if (!isHeard) continue;
        expect(Math.abs((await clickIn(output)) - (clickAt - first) / 24), kind).toBeLessThanOrEqual(onePiece);
      }
    },
  );
});
