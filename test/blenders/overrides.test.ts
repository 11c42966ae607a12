import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { reportOf } from "../../src/index.ts";
import { requireBuild } from "../support/lab/lab.ts";
import { makeTemporaryFolder, type TemporaryFolder } from "../support/temporary-folder.ts";
import { nodeScripts, runBlender, testedBlenders } from "./tested-blender.ts";
import { VersionLab } from "./version-lab.ts";

const script = fileURLToPath(new URL("overrides/run.py", import.meta.url));
const shared = fileURLToPath(new URL("../support/scenes/shared_action.py", import.meta.url));
const start = ["-b", "--factory-startup", "-noaudio", "--python-exit-code", "1", "-P", script, "--"];

interface Warning {
  readonly code: string;
  readonly message: string;
}

/** What overrides/run.py says of a scene. */
interface Rendered {
  /** Of two frames. */
  readonly pictures: readonly string[];
  /** At the later frame. */
  readonly properties: Readonly<Record<string, unknown>>;
  readonly warnings: readonly Warning[];
}

/** Flags of a job that overrides whatever it can, and what a program is told of them. */
const flags = [
  ...["--samples", "3", "--resolution", "50%", "--camera", "Second", "--view-layer", "Other", "--seed", "7"],
  ...["--transparent", "--denoise", "off", "--simplify", "0", "--threads", "1", "--engine", "cycles"],
  ...["--time-limit", "1h"],
];
const overrides = {
  ...{ samples: 3, resolution: { percent: 50 }, camera: "Second", viewLayer: "Other", seed: 7, transparent: true },
  ...{ denoise: false, simplify: 0, threads: 1, engine: "CYCLES", timeLimit: 3600 },
};

/** Overrides that the scene of that job animates. */
const animated = ["samples", "camera", "view-layer", "seed", "transparent", "simplify", "threads"];

if (testedBlenders.length === 0)
  console.warn("Skipped: no Blenders were prepared, start these tests with `npm run test:blenders`");

describe.skipIf(testedBlenders.length === 0).each(testedBlenders.map((blender) => [blender.version, blender] as const))(
  "Blender %s, told to render otherwise than the file says,",
  (_, blender) => {
    const isOldest = blender.version.startsWith("2.83");
    let folder: TemporaryFolder;

    beforeAll(async () => {
      folder = await makeTemporaryFolder();
      await runBlender(blender, folder.path, [...start, "make", folder.path]);
    });
    afterAll(() => folder[Symbol.asyncDispose]());

    test("leaves the animation of another scene that has the same action", async () => {
      const alone = ["-b", "--factory-startup", "-noaudio", "--python-exit-code", "1", "-P", shared];
      await runBlender(blender, folder.path, [...alone, "--", nodeScripts]);
    });

    const ask = async (mode: string): Promise<unknown> => {
      const said = await runBlender(blender, folder.path, [...start, mode, folder.path]);
      return JSON.parse(/^said (.*)$/m.exec(said)?.[1] ?? "null");
    };

    test("renders what the scene set so by hand shows, whatever animates it, and says what was animated", async () => {
      const hand = (await ask("hand")) as Record<string, Rendered>;
      const slot = (await ask("slot")) as Record<string, Rendered>;
      const file = (await ask("file")) as Record<string, Rendered>;
      expect(Object.keys(slot)).toHaveLength(isOldest ? 31 : 29); // only the oldest has a denoiser
      for (const [scene, { pictures, properties, warnings }] of Object.entries(slot)) {
        const [name = "", kind = ""] = scene.split("-");
        const wanted = hand[`${name}-hand`] as Rendered;
        expect({ properties, pictures }, scene).toEqual({
          ...{ properties: wanted.properties, pictures: wanted.pictures },
        });
        expect(new Set(pictures).size, `${scene} moves`).toBe(2);
        const isWithout = isOldest && name === "timeLimit";
        const code = isWithout ? "OVERRIDE_NO_EFFECT" : kind === "plain" ? undefined : "OVERRIDE_HOLDS";
        expect([...new Set(warnings.map((warning) => warning.code))], scene).toEqual(code === undefined ? [] : [code]);
        if (!isWithout) expect(file[scene]?.properties, `${scene} as it is in the file`).not.toEqual(wanted.properties);
      }
      if (isOldest) expect(slot["denoiseOn-plain"]?.pictures).not.toEqual(slot["denoise-plain"]?.pictures);
    });

    test("says which overrides have no effect, and refuses what is not there, with the names that are", async () => {
      const told = (await ask("told")) as Record<string, (Warning | string)[] | Warning>;
      const eevee = blender.version.startsWith("4.3") ? "BLENDER_EEVEE_NEXT" : "BLENDER_EEVEE";
      const layer = isOldest ? "View Layer" : "ViewLayer";
      const without = (message: string) => ({ code: "OVERRIDE_NO_EFFECT", message, override: overrideIn(message) });
      const sequencer = "has no effect: the picture comes from the sequencer, and scenes in strips have their own";
      const channel =
        "only adds an alpha channel: the picture comes from the sequencer, and scenes in strips keep their backgrounds";
      const empty = "has no effect: the picture comes from the sequencer, which shows no scene";
      const denoiser = "--denoise on needs OpenImageDenoise, without which this Blender was built";
      expect(told).toEqual({
        "two engines": ["BLENDER_WORKBENCH"], // Cycles renders the strip
        "the sequencer": [
          ...["engine", "camera", "view-layer"].map((flag) => without(`--${flag} ${sequencer}`)),
          without(`--transparent ${channel}`),
          "CYCLES",
        ],
        "JPEG pictures": [
          {
            code: "FORMAT_REPLACED",
            message: "--transparent writes PNG pictures: the scene's own, JPEG, have no alpha channel",
            override: "transparent",
          },
          "CYCLES",
        ],
        "a video": ["CYCLES"],
        "a sequencer without scenes": [
          without(`--transparent ${channel}`),
          ...["samples", "seed", "denoise", "simplify", "time-limit"].map((flag) => without(`--${flag} ${empty}`)),
          "CYCLES",
        ],
        "the compositor": [
          without(`--view-layer leaves a part of the picture empty: the compositor shows the view layer '${layer}'`),
          "CYCLES",
        ],
        Workbench: [without("--samples has no effect with BLENDER_WORKBENCH"), "BLENDER_WORKBENCH"],
        EEVEE: [
          ...["seed", "denoise", "time-limit"].map((flag) => without(`--${flag} has no effect with ${eevee}`)),
          eevee,
        ],
        "EEVEE by another version's name": [eevee],
        "a denoiser": isOldest ? ["CYCLES"] : { code: "NO_DENOISER", message: denoiser }, // the oldest has its own
        "no camera": {
          code: "CAMERA_NOT_FOUND",
          message: "The scene 'Scene' has no camera 'Third'; it has 'Second', 'Camera'",
        },
        "no view layer": {
          code: "VIEW_LAYER_NOT_FOUND",
          message: `The scene 'Scene' has no view layer 'Third'; it has '${layer}', 'Other'`,
        },
        "no engine": {
          code: "ENGINE_NOT_FOUND",
          message: `This Blender has no engine 'LUXCORE'; it has '${eevee}', 'BLENDER_WORKBENCH', 'CYCLES'`,
        },
        "too large": {
          code: "PICTURE_TOO_LARGE",
          message: "Pictures would have 65540×400 pixels: 65536 a side are the most",
        },
      });
    });

    test("as a node, takes it from flags, reports it, and leaves the artist's file alone", async () => {
      requireBuild();
      await using lab = await VersionLab.open();
      const [blend, byHand] = [lab.path("everything.blend"), lab.path("hand.blend")];
      await execa("cp", [join(folder.path, "everything-keyed.blend"), blend]);
      await execa("cp", [join(folder.path, "everything-hand.blend"), byHand]);
      const saved = await digestOf(blend);
      const alone = ["-o", lab.path("alone/####"), "-F", "PNG", "-x", "1", "-j", "4", "-a"];
      await runBlender(blender, lab.path(""), ["-b", byHand, "-noaudio", ...alone]);

      await lab.startNode(blender);
      expect(await lab.check([blend, ...flags])).toMatchObject({
        scene: { width: 20, height: 16, camera: "Second", engine: "CYCLES", colorMode: "RGBA" },
      });
      const run = lab.coordinate([blend, "-o", lab.path("shot/"), "--frames", "1,5", ...flags]);
      const { code, last, stderr } = await run.end(120_000);
      expect({ code, last }, `${run.story()}\n${stderr}`).toMatchObject({ code: 0, last: { frames: 2 } });
      for (const frame of ["0001.png", "0005.png"]) {
        expect(await picturesOf(lab.path("shot"), frame)).toBe(await picturesOf(lab.path("alone"), frame));
      }
      expect(run.all("job:started")).toMatchObject([{ overrides }]);
      const warnings = (last?.warnings ?? []) as string[];
      expect(warnings.map((warning) => /^--([\w-]+) (?:holds|has no)/.exec(warning)?.[1]).sort()).toEqual(
        [...animated, ...(isOldest ? ["time-limit"] : [])].sort(),
      );
      expect((await reportOf(lab.path("shot.renderfarm"))).overrides).toEqual(overrides);
      expect(await digestOf(blend)).toBe(saved);
      expect(await lab.leftovers()).toEqual({ processes: [], files: [] });
    });
  },
);

/** The name, as in the protocol, of the override with whose flag the message begins. */
function overrideIn(message: string): string | undefined {
  return /^--([\w-]+)/.exec(message)?.[1]?.replace(/-[a-z]/g, (letter) => letter.slice(1).toUpperCase());
}

async function digestOf(file: string): Promise<string> {
  return createHash("sha256")
    .update(await readFile(file))
    .digest("hex");
}

/** A picture's pixels, with their transparency, and its size. */
async function picturesOf(folder: string, name: string): Promise<string> {
  const args = ["-v", "error", "-i", join(folder, name), "-pix_fmt", "rgba", "-f", "framemd5", "-"];
  return (await execa(process.env.FFMPEG_PATH ?? "ffmpeg", args)).stdout;
}
