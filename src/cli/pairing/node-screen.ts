import { type FarmKey, Inviter, type Starter } from "../../index.ts";
import type { LinePrompt } from "../prompts/line-prompt.ts";
import { Invitations, type InviteScreen } from "./invite-machines.ts";
import { starterText } from "./pairing-texts.ts";

/**
 * Asks about machines that ask to join, on the terminal of a running node, until the signal is aborted.
 *
 * @param name The node's name, if it was given one
 */
export async function inviteBesideNode(
  prompt: LinePrompt,
  keys: readonly FarmKey[],
  name: string | undefined,
  signal: AbortSignal,
): Promise<void> {
  using inviter = new Inviter({ keys, name, onWarning: () => {} }); // the node itself warns if mDNS does not work
  const invitations = new Invitations(inviter, nodeScreen(prompt), (machine) => inviter.isAskedHere(machine));
  while (!signal.aborted) {
    while (invitations.asking.length === 0) await inviter.changed(signal);
    await invitations.inviteOne(signal);
  }
}

/** The questions of an invitation, among the lines of a node. */
function nodeScreen(prompt: LinePrompt): InviteScreen {
  return {
    say: (line) => prompt.writeLine(line),
    askCode: async (question, signal) => {
      for (;;) {
        const typed = (await prompt.ask(question, signal))?.trim();
        if (typed === undefined || typed === "") return undefined;
        if (/^\d{3}[ -]?\d{3}$/.test(typed)) return typed;
        prompt.writeLine("A code has six digits");
      }
    },
    choose: async (message, machines, signal) => {
      const [only] = machines;
      if (machines.length === 1 && only !== undefined) {
        const answer = await prompt.ask(`${message}: ${starterText(only)}. Invite it? (y/N) `, signal);
        return /^y(es)?$/i.test(answer?.trim() ?? "") ? only : undefined;
      }
      prompt.writeLine(`${message}:`);
      for (const [index, machine] of machines.entries()) prompt.writeLine(`  ${index + 1}  ${starterText(machine)}`);
      const answer = await prompt.ask("Invite which one? Its number (Enter alone: none): ", signal);
      return machines[Number(answer) - 1] as Starter | undefined;
    },
  };
}
