import { existsSync } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { isAbsolute, join, relative, resolve } from "node:path";
import { styleText } from "node:util";
import inquirer from "inquirer";
import { FarmError, printable, readSceneRange } from "../../index.ts";
import { isBlendName, isFolderChoice, isPassedOver, pathChoices } from "./path-choices.ts";
import { orLeft } from "./questions.ts";
import { looksLikePath, typedPath } from "./typed-path.ts";

const nothingHere = "No blendfile in this folder or below. Type a path: ~/ lists your own folder";
const nothingFits = "No blendfile here has that in its name. Type a path: ~/ lists your own folder";

/**
 * Asks for the blendfile: search as you type, recently used ones first; or type a path, folder by folder. A file that is
 * no blendfile is refused, with the reason.
 *
 * @returns Its absolute path
 * @throws {PromptCancelledError}
 */
export async function askBlend(recent: readonly string[]): Promise<string> {
  const found = findBlends(process.cwd());
  const all = async () => [...recent.filter((path) => existsSync(path)), ...(await found)];
  const source = (term = "") => choicesFor(term, all);
  const validate = async (path: string) =>
    isFolderChoice(path) ? "Choose a blendfile in this folder" : ((await whyNoBlend(path)) ?? true);
  const message = "Blendfile (type to search, or a path)";
  const theme = { style: { keysHelpTip } };
  const question = { type: "search", name: "blend", message, source, validate, theme } as const;
  const { blend } = await orLeft(inquirer.prompt([question]));
  return resolve(String(blend));
}

function keysHelpTip(keys: [key: string, action: string][]): string {
  const shown = [...keys, ["tab", "complete"]].map(
    ([key = "", does = ""]) => `${styleText("bold", key)} ${styleText("dim", does)}`,
  );
  return shown.join(styleText("dim", " • "));
}

/** A path below the working folder, as people write it; others stay as they are. A slash at the end stays too. */
export function shortPath(path: string): string {
  const short = relative(process.cwd(), path);
  if (short.startsWith("..") || short === "" || isAbsolute(short)) return path;
  return isFolderChoice(path) ? `${short}/` : short;
}

/** @param all The blendfiles that are searched: looking for them may take a while, and a typed path need not wait */
async function choicesFor(term: string, all: () => Promise<readonly string[]>) {
  const { path, shown: name } = typedPath(term);
  if (await isFile(path)) {
    const why = await whyNoBlend(resolve(path));
    return why === undefined ? [{ value: resolve(path), name: printable(name) }] : [remark(why)];
  }
  let text = term === "" ? nothingHere : nothingFits;
  if (looksLikePath(term)) {
    const { entries, remark: missing } = await pathChoices(term);
    const choices = entries.map((entry) => ({ value: entry.path, name: printable(entry.shown) }));
    if (choices.length > 0) return missing === undefined ? choices : [...choices, remark(missing)];
    text = missing ?? text;
  }
  const words = term.toLowerCase().split(/\s+/);
  const fitting = (await all()).filter((file) => words.every((word) => file.toLowerCase().includes(word)));
  const found = [...new Set(fitting)].map((file) => ({ value: file, name: printable(shortPath(file)) }));
  return found.length > 0 ? found : [remark(text)];
}

/** A line among the choices that cannot be chosen. */
function remark(text: string) {
  return new inquirer.Separator(text);
}

async function isFile(path: string): Promise<boolean> {
  return path !== "" && ((await stat(path).catch(() => undefined))?.isFile() ?? false);
}

/** Why a file cannot be rendered, in a sentence; `undefined` if it is a blendfile. */
async function whyNoBlend(path: string): Promise<string | undefined> {
  try {
    await readSceneRange(path);
    return undefined;
  } catch (error) {
    if (error instanceof FarmError) return printable(error.message.replace(path, shortPath(path)));
    throw error;
  }
}

const deepestFolder = 4;
const mostFolders = 2_000;

/** Blendfiles below a folder, nearest first. Hidden folders and those of other tools are skipped. */
async function findBlends(root: string): Promise<string[]> {
  const found: string[] = [];
  let level = [root];
  let looked = 0;
  for (let depth = 0; depth <= deepestFolder && level.length > 0; depth += 1) {
    const next: string[] = [];
    for (const folder of level) {
      looked += 1;
      if (looked > mostFolders) return found;
      const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
      for (const entry of entries) {
        const path = join(folder, entry.name);
        if (entry.isFile() && isBlendName(entry.name)) found.push(path);
        if (entry.isDirectory() && !entry.name.startsWith(".") && !isPassedOver(entry.name)) next.push(path);
      }
    }
    level = next;
  }
  return found;
}
