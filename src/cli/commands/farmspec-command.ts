import { lstatSync } from "node:fs";
import { resolve } from "node:path";
import {
  counted,
  discoverNodes,
  FarmError,
  farmspecName,
  farmspecOf,
  formatFarmspec,
  ownCommand,
  printable,
  withoutControls,
  writeFarmspec,
} from "../../index.ts";
import { warn } from "../tell-error.ts";
import { duplicateWarnings } from "./nodes-command.ts";

/** `renderfarm farmspec`: saves the nodes on the network, so that later renders need not look for them. */
export async function farmspecCommand(options: {
  readonly output?: string;
  readonly overwrite?: boolean;
}): Promise<number> {
  const isPrinted = options.output === "-";
  const path = resolve(options.output ?? farmspecName);
  if (!isPrinted && lstatSync(path, { throwIfNoEntry: false }) && !options.overwrite) {
    throw new FarmError("FARM_OUTPUT_EXISTS", `Cannot write '${path}': it exists`, "Give --overwrite to replace it");
  }
  const nodes = await discoverNodes({
    onWarning: (message) => warn(`Warning: ${printable(message)}`),
  });
  if (nodes.length === 0) {
    throw new FarmError(
      "FARM_NO_NODE",
      "Cannot write a farmspec: no render node was found on this network",
      `Start one with 'renderfarm node' on another machine, or check what is blocking it with '${ownCommand()} doctor'`,
    );
  }
  for (const warning of duplicateWarnings(nodes)) warn(`Warning: ${printable(warning)}`);
  // An open node may belong to anybody, so it is never added automatically.
  const keyed = nodes.filter((node) => node.keyId !== null);
  const openCount = nodes.length - keyed.length;
  if (openCount > 0) {
    warn(
      `Warning: ${counted(openCount, "open node")} not included; if they are yours, add them, and you will be asked about them once`,
    );
  }
  if (isPrinted) {
    process.stdout.write(withoutControls(formatFarmspec(farmspecOf(keyed))));
    return 0;
  }
  await writeFarmspec(path, farmspecOf(keyed));
  process.stdout.write(`${printable(path)}: ${counted(keyed.length, "node")}\n`);
  return 0;
}
