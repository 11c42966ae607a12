import { existsSync } from "node:fs";
import {
  discoverNodes,
  FarmError,
  type FarmKey,
  type Farmspec,
  farmspecOf,
  keyFileOf,
  ownCommand,
  printable,
  printableLines,
  type RenderFlags,
  recentBlends,
  type Sighting,
  saveKey,
} from "../../index.ts";
import { duplicateWarnings } from "../commands/nodes-command.ts";
import { askBlend, askFarmKey, askNodes, askOutput, mayReplace } from "./questions.ts";

/** What a conversation settled: flags as if they had been typed, and the nodes that were ticked. */
export interface Answers {
  readonly flags: RenderFlags;
  readonly farmspec: Farmspec | undefined;
  /** Whether somebody is being asked what to render, so that the frames are asked for too. */
  readonly isGuided: boolean;
  /** Nodes that were ticked. */
  readonly picked: readonly Sighting[];
  /** Nodes that were found and all ticked: they are the farm, and worth writing down. */
  readonly farm: readonly Sighting[];
}

/**
 * Asks for what is still open, and for nothing else: with blendfile and output given, only before something is replaced.
 *
 * @throws {LeftAtPromptError}
 */
export async function promptForMissing(
  given: RenderFlags,
  farmspec: Farmspec | undefined,
  configFolder: string,
): Promise<Answers> {
  const isGuided = given.blend === undefined || given.output === undefined;
  const blend = given.blend ?? (await askBlend(await recentBlends(configFolder)));
  const output = given.output ?? (await askOutput(blend));
  const overwrite = given.overwrite || (await mayReplace(output));
  const flags = { ...given, blend, output, overwrite };
  const areNodesOpen = !given.local && given.nodes === undefined && (farmspec?.nodes.length ?? 0) === 0;
  if (!isGuided || !areNodesOpen) return { flags, farmspec, isGuided, picked: [], farm: [] };
  return { ...(await chooseNodes(flags, farmspec)), isGuided };
}

async function chooseNodes(flags: RenderFlags, farmspec: Farmspec | undefined): Promise<Omit<Answers, "isGuided">> {
  process.stdout.write("Looking for nodes on the network ...\n");
  const nodes = await discoverNodes({
    signal: new AbortController().signal,
    onWarning: (message) => process.stdout.write(`Warning: ${printable(message)}\n`),
  });
  if (nodes.length === 0) {
    process.stdout.write("No node found: this machine will render by itself\n");
    return { flags: { ...flags, local: true }, farmspec, picked: [], farm: [] };
  }
  for (const warning of duplicateWarnings(nodes)) process.stdout.write(`Warning: ${printable(warning)}\n`);
  const picked = await askNodes(nodes);
  // Whoever ticks all wants the farm, with the machines that are switched on later too.
  const discover = picked.length === nodes.length;
  const chosen = { ...farmspecOf(picked), discover, defaults: farmspec?.defaults ?? {} };
  return { flags, farmspec: chosen, picked, farm: discover ? picked : [] };
}

/**
 * Asks for the farm key that the nodes want.
 *
 * @param error Why the nodes could not be used
 * @throws {LeftAtPromptError}
 */
export async function askForKey(error: FarmError): Promise<FarmKey> {
  process.stdout.write(`${printableLines(error.message)}\n`);
  return await askFarmKey("The farm key, as the node showed it at its first start");
}

/**
 * Keeps a key that was typed and that a node has taken, for next time; never in the place of another one, which other
 * nodes may want.
 */
export async function keepKey(key: FarmKey, configFolder: string): Promise<string> {
  const file = keyFileOf(configFolder);
  if (existsSync(file))
    return `The key was used this once; '${ownCommand()} key set --replace' puts it in the place of ${file}`;
  try {
    return `The farm key ${key.id} is kept in ${await saveKey(key, configFolder)}`;
  } catch (error) {
    if (!(error instanceof FarmError)) throw error;
    return `The key was used this once. ${error.message}`;
  }
}
