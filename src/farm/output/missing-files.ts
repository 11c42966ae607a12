import { FarmError } from "../../core/errors.ts";
import { counted, printable } from "../../core/text.ts";
import type { Reference } from "../../session/protocol.ts";

/** Why a missing file was not sent to the nodes, as text for the user. */
export type WhyNot = (path: string) => string | undefined;

/** More than these are shown by folder. */
const mostShown = 20;

const mostRootsShown = 3;

/** What Blender can pack into a blendfile, if it is one file. */
const packable: ReadonlySet<string> = new Set(["image", "font", "sound", "volume"]);

/** Files that the scene uses are missing. */
export class FilesMissingError extends FarmError {
  /** Folders on this machine that hold some of them, and whose files are not sent. */
  readonly unnamedRoots: readonly string[];

  constructor(message: string, hint: string, unnamedRoots: readonly string[]) {
    super("FARM_FILES_MISSING", message, hint);
    this.unnamedRoots = unnamedRoots;
  }
}

/** The error that lists missing files, with the advice that helps for their kinds. */
export function filesMissing(
  missing: readonly Reference[],
  { whyNot, unnamedRoots }: { readonly whyNot: WhyNot; readonly unnamedRoots: readonly string[] },
): FilesMissingError {
  const lines = missing.length > mostShown ? foldersOf(missing, whyNot) : missing.map((file) => lineOf(file, whyNot));
  const shown = lines.slice(0, mostShown).map((line) => `\n  ${line}`);
  const more = lines.length > mostShown ? `\n  … and ${lines.length - mostShown} more` : "";
  return new FilesMissingError(
    `Cannot render: ${counted(missing.length, "file")} that the blendfile uses cannot be found:${shown.join("")}${more}`,
    adviceFor(missing, unnamedRoots),
    unnamedRoots,
  );
}

/** How a file is named to the user: by its data-block, and its path in the blendfile. */
export function nameOf({ owner, path }: Pick<Reference, "owner" | "path">): string {
  const shown = [owner, path].filter((part) => part !== undefined && part !== "");
  return shown.map((part) => printable(String(part))).join(": ");
}

function lineOf(reference: Reference, whyNot: WhyNot): string {
  const why = reference.path === "" ? "it is not baked" : whyNot(reference.path);
  return why === undefined ? nameOf(reference) : `${nameOf(reference)} (${printable(why)})`;
}

/** One line for the missing files of each kind in a folder, those with most files first. */
function foldersOf(missing: readonly Reference[], whyNot: WhyNot): readonly string[] {
  const groups = new Map<string, Reference[]>();
  for (const file of missing) {
    const key = `${file.kind}\n${folderOf(file.path)}`;
    groups.set(key, [...(groups.get(key) ?? []), file]);
  }
  const largest = [...groups.values()].sort((one, other) => other.length - one.length);
  return largest.flatMap((files) => {
    const [first] = files;
    if (first === undefined) return [];
    if (files.length === 1) return [lineOf(first, whyNot)];
    return [
      `${counted(files.length, "file")} in ${printable(folderOf(first.path))}, for example ${lineOf(first, whyNot)}`,
    ];
  });
}

function folderOf(path: string): string {
  return path.slice(0, Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\")) + 1);
}

function adviceFor(missing: readonly Reference[], unnamedRoots: readonly string[]): string {
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
    ...(isPackable ? ["or pack them in Blender (File, External Data, Pack Resources)"] : []),
    ...(isSimulated ? ["and bake simulations before you save"] : []),
  ];
  return `${advice.join(", ")}; --missing warn renders without them`;
}
