import {
  discoverNodes,
  type FarmError,
  type FarmKey,
  type Farmspec,
  farmspecOf,
  parseFarmKey,
  type RenderFlags,
  recentBlends,
  saveKey,
} from "../index.ts";
import { askBlend, askKey, askNodes, askOutput, mayReplace } from "./questions.ts";

/** What a conversation settled: flags as if they had been typed, and the nodes that were ticked. */
export interface Answers {
  readonly flags: RenderFlags;
  readonly farmspec: Farmspec | undefined;
  /** Whether somebody is being asked what to render, so that the frames are asked for too. */
  readonly isGuided: boolean;
}

/**
 * Asks for what is still open, and for nothing else: with blendfile and output given, only before something is replaced.
 *
 * @throws {LeftAtPromptError}
 */
export async function interview(
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
  if (!isGuided || !areNodesOpen) return { flags, farmspec, isGuided };
  return { ...(await chooseNodes(flags, farmspec)), isGuided };
}

async function chooseNodes(
  flags: RenderFlags,
  farmspec: Farmspec | undefined,
): Promise<Pick<Answers, "flags" | "farmspec">> {
  process.stdout.write("Looking for nodes on the network ...\n");
  const nodes = await discoverNodes({
    signal: new AbortController().signal,
    onWarning: (message) => process.stdout.write(`Warning: ${message}\n`),
  });
  if (nodes.length === 0) {
    process.stdout.write("No node found: this machine will render by itself\n");
    return { flags: { ...flags, local: true }, farmspec };
  }
  const picked = await askNodes(nodes);
  // Whoever ticks all wants the farm, with the machines that are switched on later too.
  const discover = picked.length === nodes.length;
  return { flags, farmspec: { ...farmspecOf(picked), discover, defaults: farmspec?.defaults ?? {} } };
}

/**
 * Asks for the farm key that the nodes want, and keeps it for next time.
 *
 * @param error Why the nodes could not be used
 * @throws {LeftAtPromptError}; {FarmError} `FARM_KEY_UNUSABLE` when what was typed is no key
 */
export async function askForKey(error: FarmError, configFolder: string): Promise<FarmKey> {
  process.stdout.write(`${error.message}\n`);
  const key = parseFarmKey(await askKey("The farm key, as the node showed it at its first start"), "the keyboard");
  await saveKey(key, configFolder);
  return key;
}
