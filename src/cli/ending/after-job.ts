import { notifyDesktop, type RenderFlags, runShellCommand } from "../../index.ts";
import { err, out } from "../outputs.ts";
import { JsonLines } from "../reporters/json-lines.ts";
import { warn } from "../tell-error.ts";
import { type JobEnding, notificationOf } from "./notification.ts";

/** A job that takes longer is one that people leave alone. */
const leftAloneMs = 60_000;

export interface EndedJob {
  readonly ending: JobEnding;
  readonly exitCode: number;
  readonly ranMs: number;
}

/** Tells people who have turned to something else, and runs their command. Nothing here changes the exit code. */
export async function afterJob(job: EndedJob, flags: RenderFlags): Promise<void> {
  await Promise.all([notify(job, flags), runOnDone(job, flags)]);
}

/** Where a person sits, who can be told that a job has ended. */
interface Seat {
  readonly hasTerminal: boolean;
  readonly environment: NodeJS.ProcessEnv;
}

/** Whether a person may have left this job alone, and wants to hear of its end. */
export function isNotified(ranMs: number, flags: RenderFlags, { hasTerminal, environment }: Seat): boolean {
  return ranMs > leftAloneMs && flags.notify !== false && hasTerminal && !environment.CI;
}

async function notify({ ending, ranMs }: EndedJob, flags: RenderFlags): Promise<void> {
  const terminal = process.stderr.isTTY ? err : process.stdout.isTTY ? out : undefined;
  if (!isNotified(ranMs, flags, { hasTerminal: terminal !== undefined, environment: process.env })) return;
  terminal?.write("\u0007");
  await notifyDesktop(notificationOf(ending));
}

async function runOnDone({ ending, exitCode }: EndedJob, { onDone, json = false }: RenderFlags): Promise<void> {
  if (onDone === undefined) return;
  let input = "";
  new JsonLines((line) => {
    input += line;
  }, Date.now).tell(ending, { exitCode });
  const problem = await runShellCommand(onDone, { input, onStderr: json });
  if (problem !== undefined) warn(`Warning: the command of --on-done failed: ${problem}`);
}
