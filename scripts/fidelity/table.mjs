/** Writes docs/fidelity.md. */

/**
 * What one Blender does with one feature.
 *
 * @typedef {object} Outcome
 * @property {Partial<Record<import("./screen.mjs").Way, import("./screen.mjs").Difference>>} differences
 * @property {number} [noise] how far Blender is from itself
 * @property {string} [way] what a slot chooses
 * @property {string} [why]
 * @property {string} [unsupported] why this Blender has no such scene, or cannot render it
 * @property {string} [problem] why it could not be rendered
 */

/**
 * @param {ReadonlyMap<string, ReadonlyMap<string, Outcome>>} outcomes
 * @param {readonly string[]} versions
 */
export function tableOf(outcomes, versions) {
  const rows = [...outcomes].sort(([one], [other]) => one.localeCompare(other));
  return `${head}
| feature | ${versions.join(" | ")} |
|---|${versions.map(() => "---|").join("")}
${rows.map(([name, byVersion]) => `| ${name.replaceAll("_", " ")} | ${versions.map((version) => cellOf(byVersion.get(version))).join(" | ")} |`).join("\n")}
`;
}

/** @param {Outcome | undefined} outcome */
function cellOf(outcome) {
  if (outcome === undefined || outcome.unsupported !== undefined) return "–";
  if (outcome.problem !== undefined) return "fails";
  const { persistent, kept, chosen } = outcome.differences;
  const noise = outcome.noise ?? 0;
  const chosenWay = (chosen?.largest ?? 0) <= noise ? outcome.way : `**${outcome.way}: wrong by ${chosen?.largest}**`;
  const wrong = [wrongly("persistent", persistent), wrongly("kept", kept)].filter((each) => each !== "");
  const itself = noise > 0 ? [`Blender from itself by ${noise}`] : [];
  return [chosenWay, ...wrong, ...itself].join("; ");
}

/** @param {string} way @param {import("./screen.mjs").Difference | undefined} difference */
function wrongly(way, difference) {
  return difference === undefined || difference.largest === 0 ? "" : `${way} differs by ${difference.largest}`;
}

const head = `# Which pictures a kept process renders

Written by \`npm run fidelity\`: each feature is a small scene of six frames. A slot's one process renders frames 5, 2, 6 and
3 of it, in this order. The truth is a new process of the same Blender for each frame (\`blender -f N\`), or, where frames
depend on the frames before, the scene played from its start. A difference is the largest of any channel of any pixel, of
255.

Each cell begins with the way in which a slot uses its process for the scene: \`persistent\` (Cycles keeps its data),
\`kept\` (the process renders all frames, each begun anew), \`reopened\` (the blendfile is opened again before each frame) or
\`sequential\` (the process plays the scene up to each frame). What follows is what would differ in the other ways, and how
far Blender is from itself if it plays the scene twice. – means that this Blender does not have the feature, or crashes with it.
`;
