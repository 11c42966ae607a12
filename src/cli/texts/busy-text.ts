import { type FarmEventMap, printable, shorten } from "../../index.ts";

/** How much of a name of somebody else's is shown. */
const longestShown = 64;

/** Whose job a node works for, in one line. */
export function busyText({ name, holder, job }: Pick<FarmEventMap["node:busy"], "name" | "holder" | "job">): string {
  return `${shown(name)} works for ${jobText({ holder, name: job ?? "" })}; asking again`;
}

/** Whose job it is, and what it is called if that is known. These texts come from other people. */
export function jobText({ holder, name }: { readonly holder: string; readonly name: string }): string {
  return `${shown(holder)}${name === "" ? "" : ` ('${shown(name)}')`}`;
}

function shown(text: string): string {
  return shorten(printable(text), longestShown);
}
