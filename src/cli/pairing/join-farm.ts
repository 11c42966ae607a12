import { styleText } from "node:util";
import { type FarmKey, type FarmOnNetwork, type FarmSearch, ownCommand, printable } from "../../index.ts";
import { out } from "../outputs.ts";
import { wrappedFor } from "../wrap.ts";
import { codeText, farmText, machineText } from "./pairing-texts.ts";

/**
 * Joins a farm, on a terminal: says where to type the code, shows the code, and says when this machine is in.
 *
 * @param keep Saves the key. @returns What to tell the user about it
 * @throws {FarmError} As `FarmSearch.join`
 */
export async function joinFarm(
  search: FarmSearch,
  farm: FarmOnNetwork,
  keep: (key: FarmKey) => Promise<string>,
  signal: AbortSignal,
): Promise<FarmKey> {
  const say = (line: string) => out.write(`${wrappedFor(process.stdout, line)}\n`);
  say(`Asking to join the farm of ${farmText(farm)}, key ${farm.keyId} ...`);
  const [first] = farm.machines;
  const asks = `A code appears here when somebody there accepts ${printable(search.name)}`;
  say(`  ${asks}: 'renderfarm node' asks by itself${first ? ` on ${machineText(first)}` : ""},`);
  say(`  and '${ownCommand()} invite' on every machine that has the key. Ctrl-C ends this.`);
  let kept = "";
  const key = await search.join(
    farm,
    {
      keep: async (given) => {
        kept = await keep(given);
      },
      onCode: (code, { name, address }) => {
        say(`Type this code on ${machineText({ name, host: address })}:   ${styleText("bold", codeText(code))}`);
      },
      onFailed: (reason, pausedMs) => {
        say(`That code is no longer valid. ${printable(reason)}`);
        if (pausedMs > 0) say("Joining has failed three times: this machine waits for a minute");
      },
    },
    signal,
  );
  say(`This machine is in the farm of ${farmText(farm)}, key ${key.id}. ${kept}`);
  return key;
}
