import { FarmError, foldersOf, Inviter, loadKeys, ownCommand, printable } from "../../index.ts";
import { err, out } from "../outputs.ts";
import { Invitations } from "../pairing/invite-machines.ts";
import { questionScreen } from "../prompts/pairing-questions.ts";
import { canAsk } from "../prompts/questions.ts";
import { listenForInterrupts } from "../signals.ts";
import { wrappedFor } from "../wrap.ts";

/** How long to wait for a machine that asks to join. It waits as long itself. */
const waitMs = 300_000;

/**
 * `renderfarm invite`: lets other machines into the farm of this one. Waits for the first, and ends when no other one asks.
 *
 * @throws {FarmError} `FARM_KEY_UNUSABLE` if this machine has no key, `FARM_BAD_INPUT` if nobody can type a code,
 * `FARM_NOT_JOINED` if no machine has joined; {PromptCancelledError}
 */
export async function inviteCommand(options: { readonly keyFile?: string }): Promise<number> {
  const { config } = foldersOf(process.env);
  const keys = await loadKeys({ environment: process.env, keyFile: options.keyFile, configFolder: config });
  if (keys.length === 0) {
    throw new FarmError(
      "FARM_KEY_UNUSABLE",
      "Cannot invite another machine: this machine belongs to no farm",
      `'${ownCommand()} node' founds a farm, or joins one`,
    );
  }
  if (!canAsk({})) {
    throw new FarmError(
      "FARM_BAD_INPUT",
      "Cannot invite another machine: nobody can type its code, because this is not a terminal",
      "Give that machine the key: in RENDERFARM_KEY, in a file for --key-file, or on standard input of 'renderfarm key set'",
    );
  }
  using interrupts = listenForInterrupts();
  const stop = AbortSignal.any([interrupts.drain, interrupts.stop]);
  try {
    return await inviteAll(new Inviter({ keys, onWarning }), keys.map(({ id }) => id).join(", "), stop);
  } catch (error) {
    if (stop.aborted) return interrupts.exitCode ?? 130;
    throw error;
  }
}

async function inviteAll(opened: Inviter, farm: string, stop: AbortSignal): Promise<number> {
  using inviter = opened;
  const say = (line: string) => out.write(`${wrappedFor(process.stdout, line)}\n`);
  const invitations = new Invitations(inviter, questionScreen(say), () => true);
  say(`Waiting for machines that ask to join the farm ${farm}; 'renderfarm node' there does. Ctrl-C ends this.`);
  const timeUp = AbortSignal.timeout(waitMs);
  while (invitations.asking.length === 0) {
    await inviter.changed(AbortSignal.any([stop, timeUp])).catch((error: unknown) => {
      throw timeUp.aborted ? nobody() : error;
    });
  }
  let count = 0;
  while (invitations.asking.length > 0) if (await invitations.inviteOne(stop)) count += 1;
  if (count === 0) throw nobody();
  return 0;
}

function nobody(): FarmError {
  return new FarmError(
    "FARM_NOT_JOINED",
    "No machine has joined the farm",
    "Start 'renderfarm node' on the other machine, say yes there, and run this command again",
  );
}

function onWarning(message: string): void {
  err.write(`Warning: ${printable(message)}\n`);
}
