import { counted, type FarmEvent, farmspecName } from "../../index.ts";

/** What a prompted run says before it writes a farmspec. */
export const farmspecToCome = `These nodes will be listed in ${farmspecName} here, so that the next render finds them at once; --no-save-farmspec prevents that`;

/** Names the farmspec that was written, what it is for, and how to have none. */
export function farmspecText({ path, nodes }: Extract<FarmEvent, { type: "farmspec:saved" }>): string {
  return `Wrote ${path}, which lists ${counted(nodes, "node")}: the next render finds them at once. --no-save-farmspec writes no such file`;
}
