import { existsSync } from "node:fs";
import { dirname } from "node:path";
import {
  askBlenderForRange,
  discoverNodes,
  FarmError,
  type FarmKey,
  type Farmspec,
  type FilesMissingError,
  farmspecOf,
  type JobSettings,
  keyFileOf,
  nodeListOf,
  ownCommand,
  printable,
  printableLines,
  type RenderFlags,
  readSceneRange,
  recentBlends,
  type SceneRange,
  type Sighting,
  saveKey,
} from "../../index.ts";
import { duplicateWarnings } from "../commands/nodes-command.ts";
import { mayFarmspecBeSaved } from "../commands/save-farmspec.ts";
import { inviteBeforeRender, joinBeforeRender } from "../pairing/render-farm.ts";
import { listenForInterrupts } from "../signals.ts";
import { farmspecToCome } from "../texts/farmspec-text.ts";
import { askBlend } from "./blend-question.ts";
import { askFrames } from "./frames-question.ts";
import { chooseOutput } from "./output-question.ts";
import { askFarmKey, askFile, askNodes, mayRenderWithout, maySendFrom, PromptCancelledError } from "./questions.ts";

const hereToo = "This machine renders too, after your other programs, if its Blender fits; --not-here keeps it out";

/** The answers to the questions, and the ticked nodes. */
export interface Answers {
  /** The given flags, and the answers as if they had been typed. */
  readonly flags: RenderFlags;
  /** The answers alone: with what was typed, they are the command that asks for nothing. */
  readonly answered: RenderFlags;
  readonly farmspec: Farmspec | undefined;
  /** Ticked nodes. */
  readonly picked: readonly Sighting[];
  /** The keys of this machine, with that of a farm that it has just joined. */
  readonly keys: readonly FarmKey[];
  /** All nodes that were found, if all were ticked: then they are the farm and are saved. */
  readonly farm: readonly Sighting[];
}

/**
 * Asks only for what is missing: if blendfile and output are given, only whether an existing output may be replaced.
 * All these questions come before any node is asked for anything.
 *
 * @throws {PromptCancelledError}
 * @throws {FarmError} `FARM_BLEND_NOT_FOUND`, `FARM_NOT_A_BLEND` for a given blendfile that cannot be used
 */
export async function promptForMissing(
  given: RenderFlags,
  farmspec: Farmspec | undefined,
  configFolder: string,
  keys: readonly FarmKey[],
): Promise<Answers> {
  const isGuided = given.blend === undefined || given.output === undefined;
  const blend = given.blend ?? (await askBlend(await recentBlends(configFolder)));
  const range = await readSceneRange(blend); // also if it is not needed: what is no blendfile is refused first
  const { output, overwrite } = await chooseOutput(given, blend);
  const asksFrames = isGuided && given.frames === undefined;
  const frames = asksFrames ? await askFrames(await rangeOf(blend, range, given), given.scene) : given.frames;
  const answered = { blend, output, overwrite, ...(asksFrames && { frames }) };
  const flags = { ...given, ...answered };
  const areNodesOpen = !given.local && given.nodes === undefined && (farmspec?.nodes.length ?? 0) === 0;
  if (!isGuided || !areNodesOpen) return { flags, answered, farmspec, picked: [], farm: [], keys };
  return await chooseNodes({ flags, answered, farmspec, keys }, configFolder);
}

/** The range of the scene that is rendered. If the file does not tell it at its beginning, this machine's Blender may. */
async function rangeOf(
  blend: string,
  range: SceneRange | null,
  { scene, blender }: RenderFlags,
): Promise<SceneRange | null> {
  if (range !== null && (scene === undefined || scene === range.scene)) return range;
  process.stdout.write("Opening the blendfile for its frames ...\n");
  using interrupts = listenForInterrupts();
  const signal = AbortSignal.any([interrupts.drain, interrupts.stop]);
  return await askBlenderForRange(blend, { scene, blender, signal }).catch((error: unknown) => {
    throw signal.aborted ? new PromptCancelledError() : error;
  });
}

async function chooseNodes(
  { flags, answered, farmspec, keys: ownKeys }: Pick<Answers, "flags" | "answered" | "farmspec" | "keys">,
  configFolder: string,
): Promise<Answers> {
  process.stdout.write("Looking for nodes on the network ...\n");
  const onWarning = (message: string) => process.stdout.write(`Warning: ${printable(message)}\n`);
  const nodes = await inviteBeforeRender(ownKeys, () => discoverNodes({ onWarning }));
  const joined = await joinBeforeRender(nodes, ownKeys, configFolder, (key) => keepKey(key, configFolder));
  if (nodes.length === 0 || joined === "alone") {
    process.stdout.write(`${joined ? "This" : "No node found: this"} machine will render by itself\n`);
    return { flags: { ...flags, local: true }, answered, farmspec, picked: [], farm: [], keys: ownKeys };
  }
  const keys = joined === undefined ? ownKeys : [joined, ...ownKeys];
  for (const warning of duplicateWarnings(nodes)) process.stdout.write(`Warning: ${printable(warning)}\n`);
  const picked = await askNodes(nodes);
  // A user who ticks all nodes wants the whole farm, with machines that are switched on later too.
  const discover = picked.length === nodes.length;
  if (discover && flags.notHere !== true) process.stdout.write(`${hereToo}\n`);
  if (discover && mayFarmspecBeSaved(flags)) process.stdout.write(`${farmspecToCome}\n`);
  const chosen = { ...farmspecOf(picked), discover, defaults: farmspec?.defaults ?? {} };
  // Found again by themselves are only all nodes with a key.
  const isFoundAgain = discover && picked.every((node) => node.keyId !== null);
  const named = isFoundAgain ? answered : { ...answered, nodes: nodeListOf(picked) };
  return { flags, answered: named, farmspec: chosen, picked, farm: discover ? picked : [], keys };
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
