import { FarmError } from "../../core/errors.ts";
import { counted, printable } from "../../core/text.ts";
import type { Reference } from "../../session/protocol.ts";

/** What is known of the files that were not sent to the nodes. */
export interface UnsentFiles {
  /** Why a missing file was not sent, as text for the user. @param path As the blendfile has it */
  whyNot(path: string): string | undefined;
  /** Folders on this machine that hold some of them, and whose files are not sent. */
  readonly unnamedRoots: readonly string[];
  /** Files on this machine that a path could mean, by the path. */
  readonly choices: ReadonlyMap<string, readonly string[]>;
}

/** More than these are shown by folder. */
const mostShown = 20;

const mostRootsShown = 3;

/** What Blender can pack into a blendfile, if it is one file. */
const packable: ReadonlySet<string> = new Set(["image", "font", "sound", "volume"]);

/** Files that the scene uses are missing. */
export class FilesMissingError extends FarmError {
  /** Folders on this machine that hold some of them, and whose files are not sent. */
  readonly unnamedRoots: readonly string[];
  /** Files on this machine that a path could mean, by the path. To name the folder of one as a root chooses it. */
  readonly choices: ReadonlyMap<string, readonly string[]>;

  constructor(message: string, hint: string, { unnamedRoots, choices }: UnsentFiles) {
    super("FARM_FILES_MISSING", message, hint);
    this.unnamedRoots = unnamedRoots;
    this.choices = choices;
  }
}

/** The error that lists missing files, with the advice that helps for their kinds. */
export function filesMissing(missing: readonly Reference[], unsent: UnsentFiles): FilesMissingError {
  const lines = missing.length > mostShown ? foldersOf(missing, unsent) : missing.map((file) => lineOf(file, unsent));
  const shown = lines.slice(0, mostShown).map((line) => `\n  ${line}`);
  const more = lines.length > mostShown ? `\n  … and ${lines.length - mostShown} more` : "";
  return new FilesMissingError(
    `Cannot render: ${counted(missing.length, "file")} that the blendfile uses cannot be found:${shown.join("")}${more}`,
    adviceFor(missing, unsent),
    unsent,
  );
}

/** How a file is named to the user: by its data-block, and its path in the blendfile. */
export function nameOf({ owner, path }: Pick<Reference, "owner" | "path">): string {
  const shown = [owner, path].filter((part) => part !== undefined && part !== "");
  return shown.map((part) => printable(String(part))).join(": ");
}

function lineOf(reference: Reference, unsent: UnsentFiles): string {
  const why = reference.path === "" ? "it is not baked" : unsent.whyNot(reference.path);
  return why === undefined ? nameOf(reference) : `${nameOf(reference)} (${printable(why)})`;
}

/** One line for the missing files of each kind in a folder, those with most files first. */
function foldersOf(missing: readonly Reference[], unsent: UnsentFiles): readonly string[] {
  const groups = new Map<string, Reference[]>();
  for (const file of missing) {
    const key = `${file.kind}\n${folderOf(file.path)}`;
    groups.set(key, [...(groups.get(key) ?? []), file]);
  }
  const largest = [...groups.values()].sort((one, other) => other.length - one.length);
  return largest.flatMap((files) => {
    const [first] = files;
    if (first === undefined) return [];
    if (files.length === 1) return [lineOf(first, unsent)];
    return [
      `${counted(files.length, "file")} in ${printable(folderOf(first.path))}, for example ${lineOf(first, unsent)}`,
    ];
  });
}

function folderOf(path: string): string {
  return path.slice(0, Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\")) + 1);
}

function adviceFor(missing: readonly Reference[], { unnamedRoots, choices }: UnsentFiles): string {
  if (missing.every(({ path }) => path === "")) {
    return "Bake the simulation in Blender and save; --missing warn renders without it";
  }
  const isPackable = missing.every(({ kind, form }) => packable.has(kind) && (form ?? null) === null);
  const isSimulated = missing.some(({ kind }) => kind === "simulation");
  const flags = unnamedRoots.slice(0, mostRootsShown).map((folder) => `--asset-root '${printable(folder)}'`);
  const advice = [
    flags.length > 0
      ? `Add ${flags.join(" ")}, where some of them are`
      : "Put them into the blendfile's folder, or name their folder with --asset-root DIR",
    ...(choices.size > 0 ? ["choose between files with --asset-root DIR, the folder of the right one"] : []),
    ...(isPackable ? ["or pack them in Blender (File, External Data, Pack Resources)"] : []),
    ...(isSimulated ? ["and bake simulations before you save"] : []),
  ];
  return `${advice.join(", ")}; --missing warn renders without them`;
}
