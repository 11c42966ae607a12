import { existsSync } from "node:fs";
import {
  FarmError,
  foldersOf,
  formatFarmKey,
  keyFileOf,
  loadKeys,
  makeFarmKey,
  ownCommand,
  parseFarmKey,
  saveKey,
} from "../../index.ts";
import { askFarmKey, canAsk } from "../prompts/questions.ts";

/** `renderfarm key`: lists the ids of this machine's farm keys; the keys themselves only with --reveal. */
export async function showKeyCommand(options: {
  readonly reveal?: boolean;
  readonly keyFile?: string;
}): Promise<number> {
  const { config } = foldersOf(process.env);
  const keys = await loadKeys({ environment: process.env, keyFile: options.keyFile, configFolder: config });
  if (keys.length === 0) {
    throw new FarmError(
      "FARM_KEY_UNUSABLE",
      "Cannot show the farm key: this machine has none",
      `'${ownCommand()} key set' takes the key that a node showed at its first start; '${ownCommand()} key make' makes a new one`,
    );
  }
  for (const key of keys) process.stdout.write(`${key.id}${options.reveal ? `  ${formatFarmKey(key)}` : ""}\n`);
  return 0;
}

/** `renderfarm key make`: makes a farm key, unless this machine has one. */
export async function makeKeyCommand(options: { readonly replace?: boolean }): Promise<number> {
  const { config } = foldersOf(process.env);
  refuseToReplace(config, options.replace === true);
  const key = makeFarmKey();
  const file = await saveKey(key, config);
  process.stdout.write(`The farm key ${key.id}, saved in ${file}:\n\n    ${formatFarmKey(key)}\n\n`);
  process.stdout.write("Give it to the other machines with 'renderfarm key set' there, or as RENDERFARM_KEY\n");
  return 0;
}

/**
 * `renderfarm key set`: reads a key from the keyboard or stdin, never from the command line, which every user can see.
 */
export async function setKeyCommand(options: { readonly replace?: boolean }): Promise<number> {
  const { config } = foldersOf(process.env);
  refuseToReplace(config, options.replace === true);
  const isAsked = canAsk({});
  const key = isAsked
    ? await askFarmKey("The farm key, as the node showed it")
    : parseFarmKey(await readInput(), "standard input");
  const file = await saveKey(key, config);
  process.stdout.write(`The farm key ${key.id} is saved in ${file}\n`);
  return 0;
}

function refuseToReplace(configFolder: string, isWanted: boolean): void {
  const file = keyFileOf(configFolder);
  if (isWanted || !existsSync(file)) return;
  throw new FarmError(
    "FARM_KEY_UNUSABLE",
    `Cannot replace the farm key in ${file}: this machine could no longer use the nodes that have that key`,
    "Give --replace to replace it anyway",
  );
}

async function readInput(): Promise<string> {
  process.stdin.setEncoding("utf8");
  let text = "";
  for await (const chunk of process.stdin) {
    text += chunk;
    if (text.length > 4_096) break; // no key is that long
  }
  return text;
}
