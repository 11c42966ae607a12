import { existsSync } from "node:fs";
import { dirname, resolve } from "node:path";
import {
  FarmError,
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
import { JobSession } from "../job-session.ts";
import { commandNames, type TypedRender } from "../program.ts";
import { askAboutMissing, askForKey, isQuestion, promptForMissing } from "../prompts/prompts.ts";
import { canAsk } from "../prompts/questions.ts";
import { closest } from "../suggestion.ts";
import { isFarmspecWanted, saveFarmspec } from "./save-farmspec.ts";

/**
 * `renderfarm [blendfile]`: resolves the flags, asks for what is missing, runs the job and reports on it.
 *
 * @returns The exit code
 * @throws {FarmError} What went wrong
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
  const { flags, farmspec, isGuided, picked, farm, keys } = isAsked
    ? await promptForMissing(given, written, folders.config, known)
    : { flags: given, farmspec: written, isGuided: false, picked: [], farm: [], keys: known };
  const farmspecFolder = dirname(writtenPath);
  const settings = resolveSettings(flags, { workingFolder: process.cwd(), folders, keys, farmspec, farmspecFolder });

  const asksFrames = isGuided && flags.frames === undefined;
  using session = new JobSession(flags, folders.config, { isAsked, asksFrames, picked });
  const saveNodes = async () => {
    // Also after failed frames: the nodes are known, and the input was good.
    if (!session.hasScene || !isFarmspecWanted(flags, settings, farm)) return;
    await saveFarmspec(resolve(farmspecName), farm.length > 0 ? farm : session.nodesFound, session);
  };
  try {
    const result = await renderAsking(session, settings, isAsked);
    await saveNodes();
    session.tellEnding();
    return result.type === "completed" ? 0 : (session.exitCode ?? 130);
  } catch (error) {
    await saveNodes();
    session.tellEnding(error);
    throw error;
  }
}

/** Renders. If one answer is all that is missing, and somebody can be asked, asks and renders again. */
async function renderAsking(session: JobSession, settings: JobSettings, isAsked: boolean): Promise<JobResult> {
  try {
    return await session.render(settings);
  } catch (error) {
    if (!isAsked || !(error instanceof FarmError)) throw error;
    if (error.code === "FARM_KEY_UNUSABLE") {
      session.leaveTerminal();
      const key = await askForKey(error);
      return await session.renderWithKey(settings, key);
    }
    if (!(error instanceof FilesMissingError) || !isQuestion(error, settings)) throw error;
    session.leaveTerminal();
    const answered = await askAboutMissing(error, settings);
    if (answered === undefined) throw error;
    return await renderAsking(session, answered, isAsked);
  }
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

/** Refuses a mistyped command, which looks like the name of a blendfile. */
function refuseMistypedCommand(word: string): void {
  if (word.includes(".") || existsSync(word)) return;
  const meant = closest(word, commandNames);
  if (meant === undefined) return;
  throw new FarmError("FARM_BAD_INPUT", `Cannot find a blendfile or a command '${word}'`, `Did you mean '${meant}'?`);
}
