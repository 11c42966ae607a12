import { existsSync } from "node:fs";
import { dirname } from "node:path";
import {
  discoverNodes,
  FarmError,
  type FarmKey,
  type Farmspec,
  type FilesMissingError,
  farmspecOf,
  type JobSettings,
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
import { inviteBeforeRender, joinBeforeRender } from "../pairing/render-farm.ts";
import {
  askBlend,
  askFarmKey,
  askFile,
  askNodes,
  askOutput,
  mayRenderWithout,
  mayReplace,
  maySendFrom,
} from "./questions.ts";

/** The answers to the questions: flags as if they had been typed, and the ticked nodes. */
export interface Answers {
  readonly flags: RenderFlags;
  readonly farmspec: Farmspec | undefined;
  /** Whether the user was asked what to render; then the frames are asked for too. */
  readonly isGuided: boolean;
  /** Ticked nodes. */
  readonly picked: readonly Sighting[];
  /** The keys of this machine, with that of a farm that it has just joined. */
  readonly keys: readonly FarmKey[];
  /** All nodes that were found, if all were ticked: then they are the farm and are saved. */
  readonly farm: readonly Sighting[];
}

/**
 * Asks only for what is missing: if blendfile and output are given, only whether an existing output may be replaced.
 *
 * @throws {PromptCancelledError}
 */
export async function promptForMissing(
  given: RenderFlags,
  farmspec: Farmspec | undefined,
  configFolder: string,
  keys: readonly FarmKey[],
): Promise<Answers> {
  const isGuided = given.blend === undefined || given.output === undefined;
  const blend = given.blend ?? (await askBlend(await recentBlends(configFolder)));
  const output = given.output ?? (await askOutput(blend));
  const overwrite = given.overwrite || (await mayReplace(output));
  const flags = { ...given, blend, output, overwrite };
  const areNodesOpen = !given.local && given.nodes === undefined && (farmspec?.nodes.length ?? 0) === 0;
  if (!isGuided || !areNodesOpen) return { flags, farmspec, isGuided, picked: [], farm: [], keys };
  return { ...(await chooseNodes(flags, farmspec, configFolder, keys)), isGuided };
}

async function chooseNodes(
  flags: RenderFlags,
  farmspec: Farmspec | undefined,
  configFolder: string,
  ownKeys: readonly FarmKey[],
): Promise<Omit<Answers, "isGuided">> {
  process.stdout.write("Looking for nodes on the network ...\n");
  const onWarning = (message: string) => process.stdout.write(`Warning: ${printable(message)}\n`);
  const nodes = await inviteBeforeRender(ownKeys, () => discoverNodes({ onWarning }));
  const joined = await joinBeforeRender(nodes, ownKeys, configFolder, (key) => keepKey(key, configFolder));
  if (nodes.length === 0 || joined === "alone") {
    process.stdout.write(`${joined ? "This" : "No node found: this"} machine will render by itself\n`);
    return { flags: { ...flags, local: true }, farmspec, picked: [], farm: [], keys: ownKeys };
  }
  const keys = joined === undefined ? ownKeys : [joined, ...ownKeys];
  for (const warning of duplicateWarnings(nodes)) process.stdout.write(`Warning: ${printable(warning)}\n`);
  const picked = await askNodes(nodes);
  // A user who ticks all nodes wants the whole farm, with machines that are switched on later too.
  const discover = picked.length === nodes.length;
  const chosen = { ...farmspecOf(picked), discover, defaults: farmspec?.defaults ?? {} };
  return { flags, farmspec: chosen, picked, farm: discover ? picked : [], keys };
}

/**
 * Asks for the farm key that the nodes want.
 *
 * @param error Why the nodes could not be used
 * @throws {PromptCancelledError}
 */
export async function askForKey(error: FarmError): Promise<FarmKey> {
  process.stdout.write(`${printableLines(error.message)}\n`);
  return await askFarmKey("The farm key, as the node showed it at its first start");
}

/** More questions in a row nobody answers with care. */
const mostChoices = 10;

/** Whether an answer can help when files are missing. */
export function isQuestion({ unnamedRoots, choices }: FilesMissingError, { missing }: JobSettings): boolean {
  return unnamedRoots.length > 0 || choices.size > 0 || missing === "ask";
}

/**
 * Shows which files are missing, and asks what to do: send those outside the project too, or render without them.
 *
 * @returns The settings to render with; `undefined` if the job is not to be rendered
 * @throws {PromptCancelledError}
 */
export async function askAboutMissing(
  { message, unnamedRoots, choices }: FilesMissingError,
  settings: JobSettings,
): Promise<JobSettings | undefined> {
  process.stdout.write(`${printableLines(message)}\n`);
  const allowed = unnamedRoots.length > 0 && (await maySendFrom(unnamedRoots)) ? unnamedRoots : [];
  const chosen: string[] = [];
  for (const [path, files] of [...choices].slice(0, mostChoices)) {
    const file = await askFile(path, files);
    if (file !== undefined) chosen.push(dirname(file)); // a root chooses the file that it holds directly
  }
  const added = [...allowed, ...chosen].filter((folder) => !settings.assetRoot.includes(folder));
  if (added.length > 0) return { ...settings, assetRoot: [...settings.assetRoot, ...added] };
  return settings.missing === "ask" && (await mayRenderWithout()) ? { ...settings, missing: "warn" } : undefined;
}

/**
 * Saves a typed key that a node has accepted. It never replaces another key, which other nodes may need.
 */
export async function keepKey(key: FarmKey, configFolder: string): Promise<string> {
  const file = keyFileOf(configFolder);
  if (existsSync(file))
    return `The key was used this once; '${ownCommand()} key set --replace' saves it in place of ${file}`;
  try {
    return `The farm key ${key.id} is saved in ${await saveKey(key, configFolder)}`;
  } catch (error) {
    if (!(error instanceof FarmError)) throw error;
    return `The key was used this once. ${error.message}`;
  }
}
