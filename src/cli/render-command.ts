import { join } from "node:path";
import {
  type CompletedJob,
  FarmError,
  type FarmEvent,
  foldersOf,
  loadKeys,
  parseRenderFlags,
  type RenderFlags,
  renderJob,
  settleJob,
} from "../index.ts";
import { JsonLines } from "./json-lines.ts";
import { JobLog } from "./log.ts";
import { PlainLines } from "./plain-lines.ts";
import type { TypedRender } from "./program.ts";
import { canAsk, mayReplace } from "./questions.ts";
import { listenForInterrupts } from "./signals.ts";

/** What a command tells about itself, in one form or the other. */
interface Teller {
  tell(event: FarmEvent): void;
  finish(result: CompletedJob): void;
  interrupted(missing: number | null): void;
}

/**
 * `renderfarm [blendfile]`: settles what was typed, runs the job, tells about it.
 *
 * @returns The exit code
 * @throws {FarmError} What went wrong, told by nobody yet
 */
export async function renderCommand(typed: TypedRender): Promise<number> {
  const flags = flagsOf(typed);
  const folders = foldersOf(process.env);
  const keys = await loadKeys({ environment: process.env, keyFile: flags.keyFile, configFolder: folders.config });
  const settled = settleJob(flags, { workingFolder: process.cwd(), folders, keys });
  const isAsked = canAsk(flags) && !settled.overwrite;
  const settings = isAsked && (await mayReplace(settled.output)) ? { ...settled, overwrite: true } : settled;

  const teller = flags.json ? jsonTeller() : plainTeller();
  const log = new JobLog({
    level: flags.logLevel ?? "warn",
    isTerminal: process.stderr.isTTY === true,
    write: (text) => process.stderr.write(text),
  });
  using interrupts = listenForInterrupts();
  const result = await renderJob(settings, {
    drain: interrupts.drain,
    signal: interrupts.stop,
    onEvent: (event) => {
      if (event.type === "job:started") log.addFile(join(event.folder, "log.ndjson"));
      const { type, ...fields } = event;
      log.logger[levelOf(event)](fields, type);
      teller.tell(event);
    },
  });
  if (result.type === "completed") {
    teller.finish(result);
    return 0;
  }
  teller.interrupted(result.missing);
  return interrupts.exitCode ?? 130;
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
  return parseRenderFlags({ ...options, blend: typed.blend ?? blend });
}

function levelOf(event: FarmEvent): "debug" | "info" {
  const isFrequent =
    event.type === "frame:progressed" || event.type === "job:progressed" || event.type === "node:uploading";
  return isFrequent ? "debug" : "info";
}

function plainTeller(): Teller {
  const lines = new PlainLines(
    (text) => process.stdout.write(text),
    () => performance.now(),
  );
  return {
    tell: (event) => lines.tell(event),
    finish: (result) => lines.finish(result),
    interrupted: (missing) => lines.interrupted(missing),
  };
}

function jsonTeller(): Teller {
  const lines = new JsonLines((text) => process.stdout.write(text), Date.now);
  return {
    tell: (event) => lines.tell(event),
    finish: ({ type: _, ...result }) => lines.tell({ ...{ type: "job:completed" }, ...result }),
    interrupted: (missing) => lines.tell({ ...{ type: "job:interrupted" }, ...{ missing } }),
  };
}
