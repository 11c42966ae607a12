import { relative } from "node:path";
import {
  type CheckedFile,
  counted,
  formatBytes,
  nameOfFormat,
  printable,
  printableLines,
  type SceneCheck,
} from "../../index.ts";
import { type Column, formatTable } from "../table.ts";

/** With more paths, those of one kind in one folder share a row. */
const mostRows = 40;

/** What becomes of a file, in the table. */
const states: Readonly<Record<CheckedFile["state"], string>> = {
  sent: "yes",
  "by-frame": "before its frames",
  there: "no: it is on the node",
  computed: "no: Blender computes it",
  unneeded: "no: not needed",
  missing: "MISSING",
};

const columns: readonly Column[] = [
  { heading: "kind" },
  { heading: "path in the blendfile", least: 16 },
  { heading: "files", isNumber: true },
  { heading: "size", isNumber: true },
  { heading: "found", least: 8 },
  { heading: "sent", least: 16 },
];

/**
 * The result of a check as text for people.
 *
 * @param folder The blendfile's: paths in it are shown from there
 * @param room How many columns the terminal has
 */
export function checkText(check: SceneCheck, folder: string, room?: number): string {
  const lines = [
    `${printable(check.blend)}, saved by Blender ${printable(check.savedBy)}`,
    ...nodeLines(check),
    ...(check.scene === null ? [] : [sceneLine(check.scene), ...pictureLines(check.scene), ...reuseLines(check.scene)]),
    ...(check.files.length > 0 ? ["", ...fileLines(check, folder, room)] : []),
    ...(check.files.length === 0 && check.scene !== null ? ["It uses no files outside the blendfile"] : []),
    ...(check.order === null ? [] : ["", ...orderLines(check.order)]),
    ...(check.warnings.length > 0 ? ["", ...check.warnings.map(warningLine)] : []),
    ...(check.error === null ? ["", "A render can begin"] : []),
  ];
  return `${lines.join("\n")}\n`;
}

function nodeLines({ nodes, blender }: SceneCheck): readonly string[] {
  const found = nodes.map((node) => {
    const [name, address, version] = [node.name, node.address, node.blender].map(printable);
    return `Node ${name} at ${address}: Blender ${version}`;
  });
  return blender === null ? found : [...found, `Renders with Blender ${printable(blender)}`];
}

function sceneLine(scene: NonNullable<SceneCheck["scene"]>): string {
  const { count, width, height, depth } = scene;
  const [name, frames, engine, colorMode] = [scene.name, scene.frames, scene.engine, scene.colorMode].map(printable);
  const isOnlyPng = pictureLines(scene).length === 0;
  const camera = scene.camera === null ? "no camera" : `camera ${printable(scene.camera)}`;
  const fps = Number(scene.fps.toFixed(3));
  return `Scene ${name}: ${counted(count, "frame")} (${frames}) at ${fps} fps, ${width}×${height}, ${engine}, ${camera}, ${colorMode}${isOnlyPng ? ` with ${depth} bits` : ""}`;
}

/** Nothing for PNGs, which the line of the scene describes. */
function pictureLines({ pictures }: NonNullable<SceneCheck["scene"]>): readonly string[] {
  const { format, depth, suffixes, nodes } = pictures;
  if (format === "png" && suffixes.length < 2 && nodes === 0) return [];
  const views = suffixes.length > 1 ? `, one for each view (${suffixes.map(printable).join(", ")})` : "";
  const passes = nodes > 0 ? `; and those of ${counted(nodes, "File Output node")}` : "";
  return [`Its pictures: ${nameOfFormat(format)} with ${depth} bits${views}${passes}`];
}

function fileLines({ files, toSend }: SceneCheck, folder: string, room: number | undefined): readonly string[] {
  const rows = files.length > mostRows ? grouped(files, folder) : files.map((file) => rowOf(file, folder));
  const missing = files.filter(({ state }) => state === "missing").length;
  const lacking = missing > 0 ? `; ${counted(missing, "path")} missing` : "";
  return [
    ...formatTable(columns, rows, room),
    `${counted(toSend.files, "file")} to send, ${formatBytes(toSend.sizeBytes)}${lacking}`,
  ];
}

function rowOf(file: CheckedFile, folder: string): readonly string[] {
  const { kind, path, files, sizeBytes, foundAt, state, why } = file;
  const [count, size] = files === 0 ? ["", ""] : [String(files), formatBytes(sizeBytes)];
  const found = foundAt === null ? "" : placeIn(folder, foundAt);
  const sent = why === null ? states[state] : `${states[state]}: ${why}`;
  return [kind, path === "" ? "(not baked)" : path, count, size, found, sent].map(printable);
}

/** One row for the paths of each kind in a folder with the same fate, in their order. */
function grouped(files: readonly CheckedFile[], folder: string): readonly (readonly string[])[] {
  const groups = new Map<string, CheckedFile[]>();
  for (const file of files) {
    const key = `${file.state}\n${file.kind}\n${folderOf(file.path)}`;
    groups.set(key, [...(groups.get(key) ?? []), file]);
  }
  return [...groups.values()].map((group) => {
    const first = group[0] as CheckedFile;
    if (group.length === 1) return rowOf(first, folder);
    return rowOf(
      {
        ...first,
        path: `${folderOf(first.path)} (${counted(group.length, "path")})`,
        files: group.reduce((sum, file) => sum + file.files, 0),
        sizeBytes: group.reduce((sum, file) => sum + file.sizeBytes, 0),
      },
      folder,
    );
  });
}

function folderOf(path: string): string {
  return path.slice(0, Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\")) + 1);
}

/** The path from the blendfile's folder, if that is shorter. */
function placeIn(folder: string, path: string): string {
  const fromThere = relative(folder, path);
  return fromThere.length < path.length ? fromThere : path;
}

function warningLine({ message, name }: SceneCheck["warnings"][number]): string {
  return `Warning: ${printableLines(message)}${name === null ? "" : ` (${printable(name)})`}`;
}

/** How a slot uses its Blender from frame to frame, by the node's word for it. */
const ways: Readonly<Record<string, string>> = {
  persistent: "One Blender renders all frames of a slot, and keeps its data",
  kept: "One Blender renders all frames of a slot, each from the start",
  reopened: "The blendfile is opened again before each frame",
  sequential: "The scene is played up to each frame",
};

function reuseLines({ reuse }: NonNullable<SceneCheck["scene"]>): readonly string[] {
  const way = reuse === null ? undefined : ways[reuse.way];
  return reuse === null || way === undefined ? [] : [`${way}, because ${printable(reuse.why)}`];
}

function orderLines({ frames, differing }: NonNullable<SceneCheck["order"]>): readonly string[] {
  const tried = frames.join(", ");
  if (differing.length === 0) return [`Played and jumped to, the scene is the same at the frames ${tried}`];
  return [
    `Played to the frames ${tried}, the scene is not what it is when a new Blender jumps there:`,
    ...differing.map(({ frame, what }) => `  Frame ${frame}: ${what.map(printable).join(", ")}`),
  ];
}
