import { type FarmEventMap, printable, shorten } from "../index.ts";

/** The part of a name of somebody else's that is shown. */
const longestShown = 64;

/** Whose job a node works for, in one line. These texts come from other people. */
export function busyText({ name, holder, job }: FarmEventMap["node:busy"]): string {
  const [node, who] = [name, holder].map((text) => shorten(printable(text), longestShown));
  const what = job === null || job === "" ? "" : ` ('${shorten(printable(job), longestShown)}')`;
  return `${node} works for ${who}${what}; asking again`;
}
