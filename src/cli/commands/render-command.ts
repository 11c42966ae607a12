import { existsSync } from "node:fs";
import { dirname, resolve } from "node:path";
import {
  discoverNodes,
  FarmError,
  type FarmKey,
  FilesMissingError,
  farmspecName,
  flagsOfEnvironment,
  foldersOf,
  type JobResult,
  type JobSettings,
  layerFlags,
  loadKeys,
  parseRenderFlags,
  type RenderFlags,
  readFarmspec,
  resolveSettings,
} from "../../index.ts";
import { commandToContinue, rememberCommand } from "../continue-command.ts";
import { afterJob } from "../ending/after-job.ts";
import { JobSession } from "../job-session.ts";
import { joinBeforeRender } from "../pairing/render-farm.ts";
import { commandNames, type TypedRender } from "../program.ts";
import { askAboutMissing, askForKey, isQuestion, keepKey, promptForMissing } from "../prompts/prompts.ts";
import { canAsk, PromptCancelledError } from "../prompts/questions.ts";
import { closest } from "../suggestion.ts";
import { tellError } from "../tell-error.ts";
import { isFarmspecWanted, saveFarmspec } from "./save-farmspec.ts";

/**
 * `renderfarm [blendfile]`: resolves the flags, asks for what is missing, runs the job and reports on it.
 *
 * @returns The exit code; what went wrong with the job is shown
 * @throws {FarmError} What is wrong with the flags
 */
export async function renderCommand(typed: TypedRender): Promise<number> {
  const typedFlags = flagsOf(typed);
  const environment = flagsOfEnvironment(process.env);
  const farmspecPath = typedFlags.farmspec ?? environment.farmspec;
  const writtenPath = resolve(farmspecPath ?? farmspecName);
  const written = await readFarmspec(writtenPath, farmspecPath === undefined);
  const given = layerFlags(typedFlags, environment, written);
  const folders = foldersOf(process.env);
  const known = await loadKeys({ environment: process.env, keyFile: given.keyFile, configFolder: folders.config });

  const isAsked = canAsk(given);
  const { flags, answered, farmspec, picked, farm, keys } = isAsked
    ? await promptForMissing(given, written, folders.config, known)
    : { flags: given, answered: {}, farmspec: written, picked: [], farm: [], keys: known };
  const farmspecFolder = dirname(writtenPath);
  const settings = resolveSettings(flags, { workingFolder: process.cwd(), folders, keys, farmspec, farmspecFolder });

  const startedMs = performance.now();
  using session = new JobSession(flags, folders.config, { isAsked, picked });
  let command = { ...environment, ...typedFlags, ...answered }; // a variable may have been set for this run alone
  const saveNodes = async () => {
    // Also after failed frames: the nodes are known, and the input was good.
    if (!session.hasScene || !isFarmspecWanted(flags, settings, farm)) return;
    await saveFarmspec(resolve(farmspecName), farm.length > 0 ? farm : session.nodesFound, session);
  };
  let exitCode: number;
  try {
    const result = await renderAsking(session, settings, isAsked, (more) => {
      command = { ...command, ...more };
    });
    await saveNodes();
    session.tellEnding();
    if (result.type === "interrupted") session.tellCommand(commandToContinue(command, session.hasScene));
    exitCode = result.type === "interrupted" ? (session.exitCode ?? 130) : 0;
  } catch (error) {
    await saveNodes();
    session.tellEnding(error);
    const again = commandToContinue(command, session.hasScene);
    if (error instanceof PromptCancelledError) session.tellCommand(again);
    else if (error instanceof FarmError) rememberCommand(error, again);
    session[Symbol.dispose](); // the error is shown below the view
    exitCode = tellError(error);
  }
  const { ending } = session;
  if (ending) await afterJob({ ending, exitCode, ranMs: performance.now() - startedMs }, flags);
  return exitCode;
}

/**
 * Renders. If one answer is all that is missing, and somebody can be asked, asks and renders again.
 *
 * @param onAnswer Called with answers that are worth typing the next time
 */
async function renderAsking(
  session: JobSession,
  settings: JobSettings,
  isAsked: boolean,
  onAnswer: (answered: RenderFlags) => void,
): Promise<JobResult> {
  try {
    return await session.render(settings);
  } catch (error) {
    if (!isAsked || !(error instanceof FarmError)) throw error;
    if (error.code === "FARM_KEY_UNUSABLE") {
      session.leaveTerminal();
      const joined = settings.discover ? await joinInstead(settings) : undefined;
      if (joined === "alone") onAnswer({ local: true });
      if (joined === "alone") return await session.render({ ...settings, local: true });
      if (joined !== undefined) return await session.render({ ...settings, keys: [joined, ...settings.keys] });
      const key = await askForKey(error);
      return await session.renderWithKey(settings, key);
    }
    if (!(error instanceof FilesMissingError) || !isQuestion(error, settings)) throw error;
    session.leaveTerminal();
    const answered = await askAboutMissing(error, settings);
    if (answered === undefined) throw error;
    if (answered.missing !== settings.missing) onAnswer({ missing: answered.missing });
    if (answered.assetRoot !== settings.assetRoot) onAnswer({ assetRoot: [...answered.assetRoot] });
    return await renderAsking(session, answered, isAsked, onAnswer);
  }
}

/** Asks whether to join the farm that was found, if there is one. */
async function joinInstead({ keys, configFolder }: JobSettings): Promise<FarmKey | "alone" | undefined> {
  const nodes = await discoverNodes({ onWarning: () => {} }); // the job has warned already
  return await joinBeforeRender(nodes, keys, configFolder, (key) => keepKey(key, configFolder));
}

function flagsOf(typed: TypedRender): RenderFlags {
  const { blend, ...options } = typed.options;
  if (typed.blend !== undefined && blend !== undefined && typed.blend !== blend) {
    throw new FarmError(
      "FARM_BAD_INPUT",
      `Cannot render two blendfiles at once: '${typed.blend}' and --blend '${blend}'`,
      "Give the blendfile once",
    );
  }
  if (typed.blend !== undefined) refuseMistypedCommand(typed.blend);
  return parseRenderFlags({ ...options, blend: typed.blend ?? blend });
}

/** Refuses a word that is neither a command nor a file: a mistyped command looks like the name of a blendfile. */
function refuseMistypedCommand(word: string): void {
  if (/[./\\~]/.test(word) || existsSync(word)) return;
  const meant = closest(word, commandNames) ?? (existsSync(`${word}.blend`) ? `${word}.blend` : undefined);
  const hint =
    meant === undefined
      ? `The commands are ${commandNames.join(", ")}; a blendfile ends in .blend`
      : `Did you mean '${meant}'?`;
  throw new FarmError("FARM_BAD_INPUT", `Cannot find a blendfile or a command '${word}'`, hint);
}
