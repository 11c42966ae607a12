import inquirer from "inquirer";
import { type FarmOnNetwork, printable, type Starter } from "../../index.ts";
import type { InviteScreen } from "../pairing/invite-machines.ts";
import { farmText, listText, starterText } from "../pairing/pairing-texts.ts";
import { orLeft } from "./questions.ts";

const alone = "alone";

/**
 * Asks which farm to join.
 *
 * @returns `undefined` for a farm of its own
 * @throws {PromptCancelledError}
 */
export async function askFarm(farms: readonly FarmOnNetwork[]): Promise<FarmOnNetwork | undefined> {
  const [only] = farms;
  if (farms.length === 1 && only !== undefined) {
    const message = `Join the farm of ${farmText(only)}? (key ${only.keyId}; no: its own farm)`;
    const { join } = await orLeft(inquirer.prompt([{ type: "confirm", name: "join", default: true, message }]));
    return join === true ? only : undefined;
  }
  const choices = [...farms.map(choiceOf), { value: alone, name: "None: its own farm" }];
  const question = { type: "select", name: "chosen", message: "Join which farm?", choices } as const;
  const { chosen } = await orLeft(inquirer.prompt([question]));
  return farms.find(({ keyId }) => keyId === chosen);
}

/**
 * Asks what to do if no node that was found uses a key of this machine.
 *
 * @returns The farm to join; `undefined` to render on this machine alone
 * @throws {PromptCancelledError}
 */
export async function askToJoin(farms: readonly FarmOnNetwork[], hasKey: boolean): Promise<FarmOnNetwork | undefined> {
  const names = farms.flatMap(({ machines }) => machines.map(({ name }) => printable(name)));
  const belong = names.length > 1 ? "belong" : "belongs";
  const key = hasKey ? "that has another key than this machine" : "whose key this machine does not have";
  const message = `${listText(names)} ${belong} to a farm ${key}. Join, or render here alone?`;
  const choices = [
    ...farms.map((farm) => ({ ...choiceOf(farm), name: `Join the farm of ${farmText(farm)}, key ${farm.keyId}` })),
    { value: alone, name: "Render here alone" },
  ];
  const { chosen } = await orLeft(inquirer.prompt([{ type: "select", name: "chosen", message, choices } as const]));
  return farms.find(({ keyId }) => keyId === chosen);
}

/** The questions of an invitation, on a terminal on which nothing else is written. */
export function questionScreen(say: (line: string) => void): InviteScreen {
  return {
    say,
    askCode: (message, signal) =>
      withdrawable(signal, async (ask) => {
        const validate = (text: string) => text === "" || /^\d{3}[ -]?\d{3}$/.test(text.trim()) || "Six digits";
        const { code } = await ask([{ type: "input", name: "code", message: message.trim(), validate }]);
        return code === "" ? undefined : String(code);
      }),
    choose: (message, machines, signal) =>
      withdrawable(signal, async (ask) => {
        const choices = [
          ...machines.map((machine) => ({ value: machine.id, name: `Invite ${starterText(machine)}` })),
          { value: "", name: "Not now" },
        ];
        const { chosen } = await ask([{ type: "select", name: "chosen", message, choices }]);
        return machines.find(({ id }: Starter) => id === chosen);
      }),
  };
}

async function withdrawable<T>(
  signal: AbortSignal,
  question: (ask: ReturnType<typeof inquirer.createPromptModule>) => Promise<T>,
): Promise<T | undefined> {
  try {
    return await orLeft(question(inquirer.createPromptModule({ signal })));
  } catch (error) {
    if (signal.aborted) return undefined;
    throw error;
  }
}

function choiceOf(farm: FarmOnNetwork) {
  return { value: farm.keyId, name: `The farm of ${farmText(farm)}, key ${farm.keyId}` };
}
