import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { describe, expect, test } from "vitest";
import { testedBlenders } from "./tested-blender.ts";

const script = fileURLToPath(new URL("../../scripts/fidelity.mjs", import.meta.url));

/** Each is rendered wrongly by a process that keeps Cycles' data, by at least one of the Blenders, or has been a fault of ours. */
const fragile = [
  ...["hair_turning", "hair_with_children", "instanced_particles", "adaptive_subdivision", "samples"],
  ...["simplify_levels", "simplify_toggled", "view_layer_toggled", "shutter_keyed", "stamped_range"],
];

/** A liquid is not among them: Blender does not simulate the same one twice. docs/fidelity.md has it. */
const simulated = [
  ...["rigid_body", "cloth", "soft_body", "newton_particles", "boids", "dynamic_paint", "simulation_zone"],
  ...["linked_cloth", "linked_and_instanced_cloth", "overridden_cloth"],
];

/** What Blenders do not have, with the first version that has it. */
const later: readonly (readonly [feature: string, since: number])[] = [
  ["simulation_zone", 3.6],
  ["overridden_cloth", 3],
];

if (testedBlenders.length === 0)
  console.warn("Skipped: no Blenders were prepared, start these tests with `npm run test:blenders`");

describe.skipIf(testedBlenders.length === 0)("A kept process", () => {
  test.each(testedBlenders.map(({ version }) => version))(
    "of Blender %s renders ten fragile features as a new process for each frame does",
    async (version) => {
      const { exitCode, lines } = await screen("--blender", version, "--way", "chosen", ...fragile);
      expect(lines.filter((line) => /: chosen equal/.test(line))).toHaveLength(fragile.length);
      expect(exitCode).toBe(0);
    },
  );

  test.each(testedBlenders.map(({ version }) => version))(
    "of Blender %s renders simulations that are not baked as the played scene has them",
    async (version) => {
      const { exitCode, lines } = await screen("--blender", version, "--way", "chosen", ...simulated);
      const absent = later.filter(([, since]) => Number.parseFloat(version) < since).map(([feature]) => feature);
      const right = lines.flatMap((line) => /^\S+ (\w+): chosen equal \(sequential/.exec(line)?.[1] ?? []);
      expect(right.sort()).toEqual(simulated.filter((feature) => !absent.includes(feature)).sort());
      expect(exitCode).toBe(0);
    },
  );

  test("that keeps Cycles' data renders hair with children wrongly, and the screen shows it", async () => {
    const newest = testedBlenders.at(-1)?.version ?? "";
    const { lines } = await screen("--blender", newest, "--way", "persistent", "hair_with_children");
    expect(lines.join("\n")).toMatch(/hair_with_children: persistent DIFFERS/);
  });
});

/** What the screen of single features prints. */
async function screen(...args: readonly string[]) {
  const { exitCode, stdout } = await execa(process.execPath, [script, ...args], { reject: false });
  return { exitCode, lines: stdout.split("\n") };
}
