import { lstatSync } from "node:fs";
import { resolve } from "node:path";
import {
  counted,
  discoverNodes,
  FarmError,
  farmspecName,
  farmspecOf,
  ownCommand,
  printable,
  writeFarmspec,
} from "../../index.ts";
import { duplicateWarnings } from "./nodes-command.ts";

/** `renderfarm farmspec`: writes down the nodes that are there, so that later renders need not look for them. */
export async function farmspecCommand(options: {
  readonly output?: string;
  readonly overwrite?: boolean;
}): Promise<number> {
  const path = resolve(options.output ?? farmspecName);
  if (lstatSync(path, { throwIfNoEntry: false }) && !options.overwrite) {
    throw new FarmError("FARM_OUTPUT_EXISTS", `Cannot write '${path}': it exists`, "Give --overwrite to replace it");
  }
  const nodes = await discoverNodes({
    signal: new AbortController().signal,
    onWarning: (message) => process.stderr.write(`Warning: ${printable(message)}\n`),
  });
  if (nodes.length === 0) {
    throw new FarmError(
      "FARM_NO_NODE",
      "Cannot write a farmspec: no render node was found on this network",
      `Start one with 'renderfarm node' on another machine, or look what stands between with '${ownCommand()} doctor'`,
    );
  }
  for (const warning of duplicateWarnings(nodes)) process.stderr.write(`Warning: ${printable(warning)}\n`);
  // A stranger's open node must not get there by itself.
  const keyed = nodes.filter((node) => node.keyId !== null);
  const openCount = nodes.length - keyed.length;
  if (openCount > 0) {
    process.stderr.write(
      `Warning: ${counted(openCount, "open node")} left out; write them in by hand if they are yours, and you will be asked about them once\n`,
    );
  }
  await writeFarmspec(path, farmspecOf(keyed));
  process.stdout.write(`${printable(path)}: ${counted(keyed.length, "node")}\n`);
  return 0;
}
