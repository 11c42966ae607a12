import type { JobSettings } from "../../config/job-settings.ts";
import { FarmError } from "../../core/errors.ts";
import { counted, printable } from "../../core/text.ts";
import type { Simulation } from "../../session/protocol.ts";

/** Hair that moves by dynamics: no bake keeps it, and playing the scene does not make it right. */
const hair = "hair dynamics";

const mostNamed = 8;

/** Whether the scene is played up to each frame, so that frames that follow each other should be rendered in one go. */
export function isPlayed(simulations: readonly Simulation[], setting: JobSettings["simulations"]): boolean {
  return (setting === "bake" || setting === "sequential") && playable(simulations).length > 0;
}

/** @throws {FarmError} `FARM_BAD_INPUT` with what is not baked */
export function refuseSimulations(simulations: readonly Simulation[]): void {
  if (simulations.length === 0) return;
  const list = simulations.map((each) => `\n  ${textOf(each)}`).join("");
  throw new FarmError(
    "FARM_BAD_INPUT",
    `Cannot render the scene: ${counted(simulations.length, "simulation")} not baked:${list}`,
    playable(simulations).length > 0
      ? "Bake them in Blender and save, or omit --simulations: then a node bakes them, or each plays the scene"
      : "No bake keeps them: turn hair dynamics off and save, or omit --simulations",
  );
}

/** What becomes of simulations that are not baked, for the user. */
const fates = {
  baked: "one node bakes them before the first frame; if it cannot, each node plays them",
  played: "each node plays them; baked, they would render sooner",
  ignored: "rendered as Blender shows them when it jumps to a frame",
};

/**
 * What the user should know of them.
 *
 * @param fate What the farm does about those that a bake would keep
 */
export function warningsOf(
  simulations: readonly Simulation[],
  fate: keyof typeof fates,
): readonly (readonly [code: string, message: string])[] {
  const warnings: (readonly [string, string])[] = [];
  const played = playable(simulations);
  if (played.length > 0) {
    warnings.push(["SIMULATIONS_NOT_BAKED", `Not baked: ${listOf(played)}: ${fates[fate]}`]);
  }
  const hairs = simulations.filter(({ kind }) => kind === hair);
  if (hairs.length > 0) {
    const why = "Blender renders it differently each time, also by itself, and no bake keeps it";
    warnings.push(["HAIR_DYNAMICS", `Hair dynamics of ${listOf(hairs)}: ${why}`]);
  }
  return warnings;
}

/** Those that are wrong unless they are played or baked. */
export function playable(simulations: readonly Simulation[]): readonly Simulation[] {
  return simulations.filter(({ kind }) => kind !== hair);
}

function listOf(simulations: readonly Simulation[]): string {
  const named = simulations.slice(0, mostNamed).map(textOf);
  const more = simulations.length - named.length;
  return named.join(", ") + (more > 0 ? ` and ${more} more` : "");
}

function textOf({ kind, owner }: Simulation): string {
  return `${printable(kind)} (${printable(owner)})`;
}
