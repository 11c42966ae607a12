import { type FarmKey, FarmSearch, farmsOf, Inviter, printable, type Sighting } from "../../index.ts";
import { askToJoin, questionScreen } from "../prompts/pairing-questions.ts";
import { PromptCancelledError } from "../prompts/questions.ts";
import { listenForInterrupts } from "../signals.ts";
import { wrappedFor } from "../wrap.ts";
import { Invitations } from "./invite-machines.ts";
import { joinFarm } from "./join-farm.ts";

function say(line: string): void {
  process.stdout.write(`${wrappedFor(process.stdout, line)}\n`);
}

function onWarning(message: string): void {
  say(`Warning: ${printable(message)}`);
}

/**
 * Invites machines that ask to join, before a render, if this machine has the key that they want.
 *
 * @param look Searches the network for nodes, during which such machines are seen too
 * @returns The nodes, those of the invited machines among them if they are ready in time
 * @throws {PromptCancelledError}
 */
export async function inviteBeforeRender(
  keys: readonly FarmKey[],
  look: () => Promise<Sighting[]>,
): Promise<readonly Sighting[]> {
  using inviter = new Inviter({ keys, onWarning: () => {} }); // the search for nodes warns already
  const invitations = new Invitations(inviter, questionScreen(say), () => true);
  let nodes = await look();
  let count = 0;
  await untilInterrupted(async (signal) => {
    while (invitations.asking.length > 0) if (await invitations.inviteOne(signal)) count += 1;
  });
  if (count === 0) return nodes;
  say("Waiting for the new node ...");
  const before = nodes.length;
  for (let times = 0; times < 4 && nodes.length < before + count; times += 1) nodes = await look();
  return nodes;
}

/**
 * If no node that was found uses a key of this machine, asks once whether to join their farm or to render here alone.
 *
 * @param keep Saves the key, and says where
 * @returns The key; "alone"; `undefined` if there was nothing to ask
 * @throws {PromptCancelledError}; {FarmError} `FARM_NOT_JOINED`
 */
export async function joinBeforeRender(
  nodes: readonly Sighting[],
  keys: readonly FarmKey[],
  configFolder: string,
  keep: (key: FarmKey) => Promise<string>,
): Promise<FarmKey | "alone" | undefined> {
  const isForeign = ({ keyId }: Sighting) => typeof keyId === "string" && !keys.some(({ id }) => id === keyId);
  if (nodes.length === 0 || !nodes.every(isForeign)) return undefined;
  const farm = await askToJoin(farmsOf(nodes), keys.length > 0);
  if (farm === undefined) return "alone";
  await using search = new FarmSearch({ configFolder, onWarning });
  return await untilInterrupted((signal) => joinFarm(search, farm, keep, signal));
}

/** @throws {PromptCancelledError} if the work was ended by Ctrl-C or a signal; whatever the work throws */
async function untilInterrupted<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  using interrupts = listenForInterrupts();
  const signal = AbortSignal.any([interrupts.drain, interrupts.stop]);
  try {
    return await work(signal);
  } catch (error) {
    throw signal.aborted ? new PromptCancelledError() : error;
  }
}
