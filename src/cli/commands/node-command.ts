import { type FarmKey, loadKeys, printable, runNode } from "../../index.ts";
import { err } from "../outputs.ts";
import { firstStart, flagValue, nodePlace } from "../pairing/first-start.ts";
import { inviteBesideNode } from "../pairing/node-screen.ts";
import { LinePrompt } from "../prompts/line-prompt.ts";
import { canAsk } from "../prompts/questions.ts";
import { listenForInterrupts } from "../signals.ts";
import { warn } from "../tell-error.ts";

/**
 * `renderfarm node`: makes this machine a node until Ctrl-C. On a terminal, a machine without a key joins a farm or founds
 * one, and a machine with one asks about others that want to join.
 *
 * @param typed Everything after `node`. This command reads the flags that it needs; all are for the node
 */
export async function nodeCommand(typed: readonly string[]): Promise<number> {
  using interrupts = listenForInterrupts();
  const signal = AbortSignal.any([interrupts.drain, interrupts.stop]);
  const place = canAsk({}) ? nodePlace(typed) : undefined;
  const prompt = new LinePrompt();
  try {
    const known = place ? await loadKeys({ environment: process.env, ...place }) : [];
    await using first = place && known.length === 0 ? await firstStart(place, signal) : undefined;
    const keys: readonly FarmKey[] = first ? [first.key] : known;
    const ending = new AbortController();
    const beside = AbortSignal.any([signal, ending.signal]);
    const inviting = place ? inviteBesideNode(prompt, keys, place.name, beside) : Promise.resolve();
    inviting.catch(() => {}); // it ends with the node
    const status = await runNode({
      blender: flagValue(typed, "--blender"),
      nodeOptions: typed,
      onLine: (line, stream) => {
        if (prompt.isAsking || stream === "stdout") prompt.writeLine(line);
        else err.writeLine(`${line}\n`);
      },
      onRestart: (reason, waitMs) =>
        warn(`The node ended: ${printable(reason)}; starting it again in ${(waitMs / 1000).toFixed(1)} s`),
      signal,
    });
    ending.abort();
    return interrupts.exitCode ?? status;
  } catch (error) {
    if (signal.aborted) return interrupts.exitCode ?? 130;
    throw error;
  }
}
