import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import {
  FarmError,
  type FarmEvent,
  type FarmKey,
  farmspecName,
  flagsOfEnvironment,
  foldersOf,
  type JobResult,
  type JobSettings,
  layerFlags,
  loadKeys,
  type OpenNode,
  parseFrames,
  parseRenderFlags,
  type RenderFlags,
  readFarmspec,
  rememberBlend,
  renderJob,
  resolveSettings,
  type Sighting,
} from "../../index.ts";
import { LiveReporter } from "../live/live-reporter.ts";
import { canDrawLive } from "../live/terminal-traits.ts";
import { JobLog, levelBesideView } from "../log.ts";
import { err, out, screen } from "../outputs.ts";
import { commandNames, type TypedRender } from "../program.ts";
import { askForKey, keepKey, promptForMissing } from "../prompts/prompts.ts";
import { askFrames, canAsk, mayUseOpenNode, PromptCancelledError } from "../prompts/questions.ts";
import { LineBudget } from "../reporters/line-budget.ts";
import { jsonReporter, plainReporter, type Reporter } from "../reporters/reporters.ts";
import { type Interrupts, listenForInterrupts } from "../signals.ts";
import { closest } from "../suggestion.ts";
import { isFarmspecWanted, saveFarmspec, sightingOf } from "./save-farmspec.ts";

/**
 * `renderfarm [blendfile]`: settles what was typed, asks for what is missing, runs the job and tells about it.
 *
 * @returns The exit code
 * @throws {FarmError} What went wrong, told by nobody yet
 */
export async function renderCommand(typed: TypedRender): Promise<number> {
  const typedFlags = flagsOf(typed);
  const environment = flagsOfEnvironment(process.env);
  const farmspecPath = typedFlags.farmspec ?? environment.farmspec;
  const written = await readFarmspec(resolve(farmspecPath ?? farmspecName), farmspecPath === undefined);
  const given = layerFlags(typedFlags, environment, written);
  const folders = foldersOf(process.env);
  const keys = await loadKeys({ environment: process.env, keyFile: given.keyFile, configFolder: folders.config });

  const isAsked = canAsk(given);
  const { flags, farmspec, isGuided, picked, farm } = isAsked
    ? await promptForMissing(given, written, folders.config)
    : { flags: given, farmspec: written, isGuided: false, picked: [], farm: [] };
  const settings = resolveSettings(flags, { workingFolder: process.cwd(), folders, keys, farmspec });

  const asksFrames = isGuided && flags.frames === undefined;
  using run = new JobRun(flags, folders.config, { isAsked, asksFrames, picked });
  const render = async () => {
    try {
      return await run.render(settings).catch(async (error: unknown) => {
        if (!isAsked || !(error instanceof FarmError) || error.code !== "FARM_KEY_UNUSABLE") throw error;
        const key = await askForKey(error);
        return await run.renderWithKey(settings, key);
      });
    } finally {
      // Also after frames failed: the nodes were found, and good input has been seen.
      if (run.hasScene && isFarmspecWanted(flags, settings, farm)) {
        await saveFarmspec(resolve(farmspecName), farm.length > 0 ? farm : run.nodesFound, run.reporter);
      }
    }
  };
  const result = await render();
  if (result.type === "completed") {
    run.reporter.finish(result);
    return 0;
  }
  run.reporter.interrupted(result.missing);
  return run.exitCode ?? 130;
}

/** What may be asked while a job runs. */
interface Questions {
  /** Whether somebody is there to be asked. */
  readonly isAsked: boolean;
  /** Whether he is to be asked which frames, once the scene is known. */
  readonly asksFrames: boolean;
  /** Nodes that he has ticked: he is not asked about them again. */
  readonly picked: readonly Sighting[];
}

/** Runs a job with its log, its signals and its way of telling. */
class JobRun implements Disposable {
  readonly reporter: Reporter;
  readonly nodesFound: Sighting[] = [];
  /** Whether it has become known what there is to render. */
  hasScene = false;
  exitCode: Interrupts["exitCode"];
  readonly #configFolder: string;
  readonly #questions: Questions;
  readonly #log: JobLog;
  readonly #budget = new LineBudget(() => performance.now());
  readonly #live: LiveReporter | undefined;
  /** While a question is still to come, events are told in lines, and again to the view that opens after it. */
  #untilQuestion: FarmEvent[] | undefined;
  /** What happens while a question is on the screen, to be told after it. */
  #whileAsked: FarmEvent[] | undefined;

  constructor(flags: RenderFlags, configFolder: string, questions: Questions) {
    this.#configFolder = configFolder;
    this.#questions = questions;
    this.#untilQuestion = questions.asksFrames ? [] : undefined;
    const isTerminal = process.stderr.isTTY === true;
    const live = liveReporter(flags);
    const level = flags.logLevel ?? "warn";
    this.#live = live;
    this.reporter = live ?? (flags.json ? jsonReporter() : plainReporter());
    this.#log = new JobLog({
      level: live && isTerminal ? levelBesideView(level) : level,
      isTerminal,
      write: (text) => {
        if (live && isTerminal) live.writeAbove(() => err.writeLine(text));
        else err.writeLine(text);
      },
    });
  }

  [Symbol.dispose](): void {
    this.#live?.close();
  }

  async render(settings: JobSettings): Promise<JobResult> {
    if (this.#untilQuestion) this.#untilQuestion = []; // what a first try told is over
    using interrupts = listenForInterrupts();
    interrupts.stop.addEventListener("abort", () => this.#live?.stopping(), { once: true });
    try {
      const { type, ...result } = await renderJob(settings, {
        drain: interrupts.drain,
        signal: interrupts.stop,
        onEvent: (event) => this.#hear(event),
        ...(this.#untilQuestion && { chooseFrames: (own: string) => this.#chooseFrames(own) }),
        ...(this.#questions.isAsked && { confirmOpenNode: (...asked) => this.#confirmOpenNode(...asked) }),
      });
      this.#log.logger.info(result, `job:${type}`);
      return { type, ...result } as JobResult;
    } catch (error) {
      if (error instanceof PromptCancelledError) throw error;
      // Somebody may ask a question now, and the error is told at the end.
      this.#live?.close(error instanceof FarmError ? error.message : "");
      const { code, message } = error instanceof FarmError ? error : { code: "BUG", message: String(error) };
      this.#log.logger.info({ code, message }, "job:failed");
      throw error;
    } finally {
      this.exitCode = interrupts.exitCode;
    }
  }

  /** Tries again with a key that was typed, and keeps it for next time once a node has taken it. */
  async renderWithKey(settings: JobSettings, key: FarmKey): Promise<JobResult> {
    const foundBefore = this.nodesFound.length;
    try {
      return await this.render({ ...settings, keys: [key, ...settings.keys] });
    } finally {
      if (this.nodesFound.length > foundBefore) this.#say(await keepKey(key, settings.configFolder));
    }
  }

  #say(line: string): void {
    const write = () => out.write(`${line}\n`);
    if (this.#live) this.#live.writeAbove(write);
    else write();
  }

  #hear(event: FarmEvent): void {
    if (event.type === "job:started") {
      this.#log.addFile(join(event.folder, "log.ndjson"));
      void rememberBlend(this.#configFolder, event.blend); // it was found to be one
    }
    if (event.type === "scene:read") this.hasScene = true;
    if (event.type === "node:found") this.nodesFound.push(sightingOf(event));
    for (const told of this.#budget.spend(event)) this.#tell(told);
  }

  #tell(event: FarmEvent): void {
    if (this.#whileAsked) {
      this.#whileAsked.push(event);
      return;
    }
    const { type, ...fields } = event;
    this.#log.logger[levelOf(event)](fields, type);
    if (this.#untilQuestion) {
      this.#untilQuestion.push(event);
      plainReporter().tell(event);
    } else this.reporter.tell(event);
  }

  async #confirmOpenNode(node: OpenNode, signal: AbortSignal): Promise<boolean> {
    if (this.#questions.picked.some((picked) => isSame(picked, node))) return true;
    this.#live?.pause();
    this.#whileAsked = [];
    try {
      return await mayUseOpenNode(node, signal);
    } finally {
      const told = this.#whileAsked;
      this.#whileAsked = undefined;
      this.#live?.resume();
      for (const event of told) this.#tell(event);
    }
  }

  async #chooseFrames(own: string): Promise<string> {
    const frames = await askFrames(own, (text) => {
      try {
        parseFrames(text);
        return true;
      } catch (error) {
        return error instanceof FarmError ? `${error.message}. ${error.hint}` : String(error);
      }
    });
    const before = this.#untilQuestion ?? [];
    this.#untilQuestion = undefined;
    if (this.#live) for (const event of before) this.#live.tell(event);
    return frames;
  }
}

/** Whether a node that was met is the one that was ticked, an open one at that address. */
function isSame({ id, keyId, addresses }: Sighting, { node, address }: OpenNode): boolean {
  const isThere = addresses.some(({ host, port }) => host === address.host && port === address.port);
  return id === node && keyId === null && isThere;
}

function liveReporter(flags: RenderFlags): LiveReporter | undefined {
  const environment = process.env;
  if (flags.json || flags.plain || !canDrawLive(screen, environment)) return undefined;
  return new LiveReporter({ terminal: screen, environment, monotonicMs: () => performance.now() });
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

/** A mistyped command looks like the name of a blendfile. */
function refuseMistypedCommand(word: string): void {
  if (word.includes(".") || existsSync(word)) return;
  const meant = closest(word, commandNames);
  if (meant === undefined) return;
  throw new FarmError("FARM_BAD_INPUT", `Cannot find a blendfile or a command '${word}'`, `Did you mean '${meant}'?`);
}

/** What comes every second and says little later stays out of the job folder's log. */
function levelOf(event: FarmEvent): "trace" | "debug" | "info" {
  if (event.type === "frame:progressed" || event.type === "job:progressed") return "trace";
  return event.type === "node:uploading" ? "debug" : "info";
}
