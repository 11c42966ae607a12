import {
  type FarmKey,
  FarmSearch,
  type FarmSearchOptions,
  foldersOf,
  keyFileOf,
  ownCommand,
  printable,
  saveNewKey,
} from "../../index.ts";
import { err, out } from "../outputs.ts";
import { askFarm } from "../prompts/pairing-questions.ts";
import { joinFarm } from "./join-farm.ts";

/** What a node's flags say about its key. */
export interface NodePlace {
  readonly name: string | undefined;
  readonly configFolder: string;
  readonly keyFile: string | undefined;
}

/** Flags with which a node neither joins a farm nor invites others: it has no key, is not announced, or does not start. */
const withoutPairing = ["--open", "--no-mdns", "--help", "-h", "--version"];

/** Reads a node's flags. @returns `undefined` if it has nothing to do with joining a farm */
export function nodePlace(typed: readonly string[]): NodePlace | undefined {
  if (typed.some((word) => withoutPairing.includes(word))) return undefined;
  return {
    name: flagValue(typed, "--name"),
    configFolder: flagValue(typed, "--config-dir") ?? foldersOf(process.env).config,
    keyFile: flagValue(typed, "--key-file"),
  };
}

/** The value of a flag, in both forms: `--name attic` and `--name=attic`. */
export function flagValue(typed: readonly string[], flag: string): string | undefined {
  const at = typed.lastIndexOf(flag);
  if (at >= 0) return typed[at + 1];
  return typed.findLast((word) => word.startsWith(`${flag}=`))?.slice(flag.length + 1);
}

/** A machine that has just got its key, and still announces what it has founded. */
export interface FirstStart extends AsyncDisposable {
  readonly key: FarmKey;
}

/**
 * The first start of a node without a key, on a terminal: joins a farm of the network, if the user wants that, and founds one
 * otherwise.
 *
 * @throws {FarmError} As `FarmSearch`; {PromptCancelledError}; the signal's reason
 */
export async function firstStart(place: NodePlace, signal: AbortSignal): Promise<FirstStart> {
  const { name, configFolder } = place;
  const onWarning: FarmSearchOptions["onWarning"] = (message) => err.write(`Warning: ${printable(message)}\n`);
  const search = new FarmSearch({ name, configFolder, onWarning });
  try {
    const key = await joinOrFound(search, configFolder, signal);
    return { key, [Symbol.asyncDispose]: () => search[Symbol.asyncDispose]() };
  } catch (error) {
    await search[Symbol.asyncDispose]();
    throw error;
  }
}

async function joinOrFound(search: FarmSearch, configFolder: string, signal: AbortSignal): Promise<FarmKey> {
  out.write("This machine has no farm key: looking for a farm on the network ...\n");
  const onWait = (name: string) =>
    out.write(`Waiting for ${printable(name)}, which also starts now and founds the farm\n`);
  const file = keyFileOf(configFolder);
  for (;;) {
    const farms = await search.look(onWait, signal);
    const farm = farms.length > 0 ? await askFarm(farms) : undefined;
    if (farm) {
      return await joinFarm(
        search,
        farm,
        async (key) => `Its key is in ${await saveNewKey(key, configFolder)}`,
        signal,
      );
    }
    const isAlone = farms.length > 0; // the user wants no other farm
    const founded = await search.found(isAlone, signal);
    if (founded) {
      out.write(`This machine founds a farm, key ${founded.id}. The key is in ${file}; `);
      out.write(`'${ownCommand()} key show --reveal' shows it\n`);
      return founded;
    }
  }
}
