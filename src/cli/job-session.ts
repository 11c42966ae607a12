import { join } from "node:path";
import {
  FarmError,
  type FarmEvent,
  type FarmKey,
  type JobResult,
  type JobSettings,
  type OpenNode,
  printable,
  type RenderFlags,
  rememberBlend,
  renderJob,
  type Sighting,
} from "../index.ts";
import { sightingOf } from "./commands/save-farmspec.ts";
import type { JobEnding } from "./ending/notification.ts";
import { LiveReporter } from "./live/live-reporter.ts";
import { canDrawLive } from "./live/terminal-traits.ts";
import { JobLog, levelBesideView } from "./log.ts";
import { err, out, screen } from "./outputs.ts";
import { keepKey } from "./prompts/prompts.ts";
import { mayBakeLong, mayRenderRest, mayUseOpenNode, PromptCancelledError } from "./prompts/questions.ts";
import { LineBudget } from "./reporters/line-budget.ts";
import { jsonReporter, markShown, plainReporter, type Reporter } from "./reporters/reporters.ts";
import { type Interrupts, listenForInterrupts } from "./signals.ts";

/** Which questions may be asked while a job runs. */
export interface SessionQuestions {
  /** Whether somebody is at the terminal to answer. */
  readonly isAsked: boolean;
  /** Nodes that the user ticked; no question about them follows. */
  readonly picked: readonly Sighting[];
}

/**
 * Runs one job at the command line, with its log, signals, questions and reporter. A wrong key may take several runs.
 */
export class JobSession implements Disposable {
  readonly nodesFound: Sighting[] = [];
  /** Whether the scene of the blendfile is known. */
  hasScene = false;
  exitCode: Interrupts["exitCode"];
  readonly #configFolder: string;
  readonly #questions: SessionQuestions;
  readonly #isJson: boolean;
  readonly #log: JobLog;
  readonly #budget = new LineBudget(() => performance.now());
  readonly #live: LiveReporter | undefined;
  readonly #reporter: Reporter;
  /** Events that arrive while a question is on the screen; they are shown after it. */
  #whileAsked: FarmEvent[] | undefined;
  /** How the latest run ended. It is shown once no other run follows. */
  #ending: JobEnding | undefined;
  /** How it ended if that is a bug, which is not shown as an event. */
  #bug: JobEnding | undefined;

  constructor(flags: RenderFlags, configFolder: string, questions: SessionQuestions) {
    this.#configFolder = configFolder;
    this.#questions = questions;
    this.#isJson = flags.json === true;
    const isTerminal = process.stderr.isTTY === true;
    const live = liveReporter(flags);
    const level = flags.logLevel ?? "warn";
    this.#live = live;
    this.#reporter = live ?? (flags.json ? jsonReporter() : plainReporter());
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

  /** Runs the job once. @throws {FarmError} As `renderJob`; {PromptCancelledError} */
  async render(settings: JobSettings): Promise<JobResult> {
    this.#ending = undefined;
    using interrupts = listenForInterrupts();
    interrupts.stop.addEventListener("abort", () => this.#live?.stopping(), { once: true });
    try {
      return await renderJob(settings, {
        drain: interrupts.drain,
        signal: interrupts.stop,
        onEvent: (event) => this.#take(event),
        ...(this.#questions.isAsked && {
          confirmOpenNode: (...asked) => this.#confirmOpenNode(...asked),
          confirmBake: (...asked) => this.#ask(() => mayBakeLong(...asked)),
          confirmEstimate: (...asked) => this.#ask(() => mayRenderRest(...asked)),
        }),
      });
    } catch (error) {
      if (error instanceof PromptCancelledError) throw error;
      if (!(error instanceof FarmError)) {
        const fields = { code: "BUG", message: String(error), hint: "Please report it" };
        this.#log.logger.info(fields, "job:failed");
        this.#bug = { type: "job:failed", ...fields };
      }
      throw error;
    } finally {
      this.exitCode = interrupts.exitCode;
    }
  }

  /** Runs the job again with a key that was typed, and saves the key once a node has accepted it. */
  async renderWithKey(settings: JobSettings, key: FarmKey): Promise<JobResult> {
    const foundBefore = this.nodesFound.length;
    try {
      return await this.render({ ...settings, keys: [key, ...settings.keys] });
    } finally {
      if (this.nodesFound.length > foundBefore) this.#say(await keepKey(key, settings.configFolder));
    }
  }

  /** Ends the view after a failed run, so that a question can be asked. */
  leaveTerminal(): void {
    if (this.#ending) this.#live?.tell(this.#ending);
  }

  /** Shows an event of the command itself. */
  tell(event: FarmEvent): void {
    this.#reporter.tell(event);
  }

  /** How the job ended; `undefined` before it has. */
  get ending(): JobEnding | undefined {
    return this.#ending ?? this.#bug;
  }

  /** Shows how the job ended. Call it last. @param error Why the job failed, if it did */
  tellEnding(error?: unknown): void {
    if (this.#ending === undefined) return;
    this.#tell(this.#ending);
    if (error instanceof Error) markShown(error);
  }

  /** Shows the whole command that continues the job; scripts that read JSON know it. */
  tellCommand(command: string): void {
    if (!this.#isJson) this.#say(`To continue:\n  ${printable(command)}`);
  }

  #say(line: string): void {
    const write = () => out.write(`${line}\n`);
    if (this.#live) this.#live.writeAbove(write);
    else write();
  }

  #take(event: FarmEvent): void {
    switch (event.type) {
      case "job:started":
        this.#log.addFile(join(event.folder, "log.ndjson"));
        void rememberBlend(this.#configFolder, event.blend); // by now it is known to be a blendfile
        break;
      case "scene:read":
        this.hasScene = true;
        break;
      case "node:found":
        this.nodesFound.push(sightingOf(event));
        break;
      case "job:completed":
      case "job:interrupted":
      case "job:estimated":
      case "job:failed":
        this.#ending = event;
        return;
      default:
    }
    for (const allowed of this.#budget.spend(event)) this.#tell(allowed);
  }

  #tell(event: FarmEvent): void {
    if (this.#whileAsked) {
      this.#whileAsked.push(event);
      return;
    }
    const { type, ...fields } = event;
    this.#log.logger[levelOf(event)](fields, type);
    this.#reporter.tell(event);
  }

  async #confirmOpenNode(node: OpenNode, signal: AbortSignal): Promise<boolean> {
    if (this.#questions.picked.some((picked) => isSame(picked, node))) return true;
    return await this.#ask(() => mayUseOpenNode(node, signal));
  }

  /** Asks a question while the job runs. */
  async #ask(question: () => Promise<boolean>): Promise<boolean> {
    this.#live?.pause();
    this.#whileAsked = [];
    try {
      return await question();
    } finally {
      const events = this.#whileAsked;
      this.#whileAsked = undefined;
      this.#live?.resume();
      for (const event of events) this.#tell(event);
    }
  }
}

/** Whether the node that was reached is the ticked one: an open node with this id at this address. */
function isSame({ id, keyId, addresses }: Sighting, { node, address }: OpenNode): boolean {
  const isThere = addresses.some(({ host, port }) => host === address.host && port === address.port);
  return id === node && keyId === null && isThere;
}

function liveReporter(flags: RenderFlags): LiveReporter | undefined {
  const environment = process.env;
  if (flags.json || flags.plain || !canDrawLive(screen, environment)) return undefined;
  return new LiveReporter({ terminal: screen, environment, monotonicMs: () => performance.now() });
}

/**
 * The log level of an event. Progress events come every second and say little afterwards; they stay out of the job's
 * log.
 */
function levelOf(event: FarmEvent): "trace" | "debug" | "info" {
  if (event.type === "frame:progressed" || event.type === "job:progressed") return "trace";
  return event.type === "node:uploading" || event.type === "node:receiving" ? "debug" : "info";
}
