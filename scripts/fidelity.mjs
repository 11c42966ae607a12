/**
 * Screens what a kept Blender process does to pixels: `npm run fidelity -- [--blender 3.4] [--way chosen] [FEATURE...]`
 *
 * Renders each scene of test/fidelity/features in hopping order by one process of a slot, and each frame by a new
 * process of the same Blender, and compares the pixels. Without options it takes about an hour and writes its table to
 * docs/fidelity.md.
 */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { findTestedBlenders } from "./blenders/tested.mjs";
import { compare, makeScenes, playTruth, renderAsSlot, renderTruth } from "./fidelity/screen.mjs";
import { tableOf } from "./fidelity/table.mjs";

/** @typedef {import("./fidelity/table.mjs").Outcome} Outcome */

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { blender: { type: "string" }, way: { type: "string" } },
});
const ways = /** @type {import("./fidelity/screen.mjs").Way[]} */ (
  values.way === undefined ? ["persistent", "kept", "chosen"] : [values.way]
);
const { blenders, skipped } = await findTestedBlenders();
for (const reason of skipped) console.log(`Skipped: ${reason}`);
const chosen = blenders.filter(({ version }) => version.startsWith(values.blender ?? ""));

/** By feature, then by version. @type {Map<string, Map<string, Outcome>>} */
const outcomes = new Map();
const folder = await mkdtemp(join(tmpdir(), "renderfarm-fidelity-"));
try {
  for (const blender of chosen) await screen(blender);
} finally {
  await rm(folder, { recursive: true, force: true });
}
const isWhole = values.blender === undefined && values.way === undefined && positionals.length === 0;
const versions = chosen.map(({ version }) => version);
if (isWhole) await writeFile(new URL("../docs/fidelity.md", import.meta.url), tableOf(outcomes, versions));
const wrong = [...outcomes.values()].flatMap((byVersion) => [...byVersion.values()]).filter(isWrong);
console.log(`${outcomes.size} features, ${wrong.length} rendered wrongly in the way that a slot chooses`);
process.exitCode = wrong.length > 0 ? 1 : 0;

/** @param {Outcome} outcome */
function isWrong(outcome) {
  return outcome.problem !== undefined || (outcome.differences.chosen?.largest ?? 0) > (outcome.noise ?? 0);
}

/** @param {import("./blenders/tested.mjs").TestedBlender} blender */
async function screen(blender) {
  const place = join(folder, blender.version);
  await mkdir(place);
  const { made, simulated, others } = await makeScenes(blender, place, positionals);
  for (const [name, why] of others) note(name, blender.version, { unsupported: why, differences: {} });
  const waiting = [...made];
  const work = async () => {
    for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
      note(name, blender.version, await outcomeOf(blender, place, name, simulated.has(name)));
    }
  };
  await Promise.all([work(), work()]);
}

/**
 * @param {import("./blenders/tested.mjs").TestedBlender} blender
 * @param {string} place
 * @param {string} name
 * @param {boolean} isSimulated
 * @returns {Promise<Outcome>}
 */
async function outcomeOf(blender, place, name, isSimulated) {
  const blend = join(place, `${name}.blend`);
  /** @type {Outcome} */
  const outcome = { differences: {} };
  const truth = join(place, name, "truth");
  try {
    if (isSimulated) outcome.noise = await playTruth(blender, blend, truth);
    else await renderTruth(blender, blend, truth);
  } catch (error) {
    return { differences: {}, unsupported: `Blender itself fails: ${messageOf(error)}` };
  }
  try {
    for (const way of ways) {
      const told = await renderAsSlot(blender, blend, way, join(place, name, way));
      outcome.differences[way] = await compare(truth, join(place, name, way));
      if (way === "chosen") [outcome.way, outcome.why] = [told.split(" ")[0] ?? "", told.slice(told.indexOf(" ") + 1)];
    }
  } catch (error) {
    outcome.problem = messageOf(error);
  }
  await rm(join(place, name), { recursive: true, force: true });
  return outcome;
}

/** @param {unknown} error @returns {string} its end */
function messageOf(error) {
  return String(error instanceof Error ? error.message : error).slice(-400);
}

/** @param {string} name @param {string} version @param {Outcome} outcome */
function note(name, version, outcome) {
  const byVersion = outcomes.get(name) ?? new Map();
  outcomes.set(name, byVersion.set(version, outcome));
  const differences = Object.entries(outcome.differences).map(([way, { largest, frames }]) =>
    largest === 0 ? `${way} equal` : `${way} DIFFERS in ${frames} frames by up to ${largest}`,
  );
  const told = outcome.unsupported ?? outcome.problem ?? differences.join(", ");
  console.log(`${version} ${name}: ${told}${outcome.way === undefined ? "" : ` (${outcome.way}: ${outcome.why})`}`);
}
