import { FarmError } from "../../core/errors.ts";

const mostProblemsTold = 20;

/** An error that names the problem of each node; with a single node, it is that node's error. */
export function noUsableNode(problems: readonly FarmError[]): FarmError {
  const [first, ...others] = problems;
  if (first && others.length === 0) return first;
  const lines = problems.slice(0, mostProblemsTold).map((problem) => `\n  ${problem.message}`);
  if (problems.length > lines.length) lines.push(`\n  and ${problems.length - lines.length} more`);
  // If only the key is missing, the user can be asked for it.
  const isKeyAll = problems.length > 0 && problems.every((problem) => problem.code === "FARM_KEY_UNUSABLE");
  return new FarmError(
    isKeyAll ? "FARM_KEY_UNUSABLE" : "FARM_NO_NODE",
    `Cannot render: no node can be used${lines.join("")}`,
    first?.hint ?? "Start a node with: blender -b -P blender_scripts/main.py",
  );
}
