import type { Dirent } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { printable } from "../../index.ts";
import { typedPath } from "./typed-path.ts";

/** What a folder holds that may complete a typed path. */
export interface PathChoices {
  /** Blendfiles first; a folder ends with a slash. */
  readonly entries: readonly { readonly path: string; readonly shown: string }[];
  /** What is missing in the folder; `undefined` if something fits. */
  readonly remark: string | undefined;
}

const mostEntries = 200;
const folderMark = /[/\\]$/;

/** Whether a choice is a folder, which is opened and not taken. */
export function isFolderChoice(path: string): boolean {
  return folderMark.test(path);
}

/** The blendfiles and folders whose names begin as the typed path ends. Hidden ones only if its name begins with a dot. */
export async function pathChoices(typed: string): Promise<PathChoices> {
  const { shown, path } = typedPath(typed === "~" ? "~/" : typed);
  const cut = (text: string) => (process.platform === "win32" ? /[^/\\]*$/ : /[^/]*$/).exec(text)?.index ?? 0;
  const folder = path.slice(0, cut(path)) || ".";
  const shownFolder = shown.slice(0, cut(shown));
  const begin = shown.slice(cut(shown)).toLowerCase();
  const where = shownFolder === "" ? "this folder" : printable(shownFolder);
  const found = await readdir(folder, { withFileTypes: true }).catch(() => undefined);
  if (found === undefined) return { entries: [], remark: `There is no folder ${where} that can be read` };

  const fitting = found.filter(({ name }) => name.toLowerCase().startsWith(begin) && (begin !== "" || name[0] !== "."));
  const blends = fitting.filter(({ name }) => isBlendName(name)).map(({ name }) => name);
  const folders: string[] = [];
  for (const entry of fitting) {
    if (isBlendName(entry.name) || isPassedOver(entry.name)) continue;
    if (await isFolder(entry, folder)) folders.push(`${entry.name}/`);
  }
  const entries = [...blends.sort(), ...folders.sort()].slice(0, mostEntries).map((name) => ({
    path: folder === "." ? name : folder + name,
    shown: shownFolder + name,
  }));
  if (begin === "") return { entries, remark: blends.length > 0 ? undefined : `No blendfile in ${where}` };
  return { entries, remark: entries.length > 0 ? undefined : `Nothing in ${where} begins with ${printable(begin)}` };
}

export function isBlendName(name: string): boolean {
  return name.toLowerCase().endsWith(".blend");
}

/** Folders of other tools, and job folders. */
export function isPassedOver(name: string): boolean {
  return /^node_modules$|\.renderfarm$/.test(name);
}

async function isFolder(entry: Dirent, parent: string): Promise<boolean> {
  if (!entry.isSymbolicLink()) return entry.isDirectory();
  return (await stat(join(parent, entry.name)).catch(() => undefined))?.isDirectory() ?? false;
}
