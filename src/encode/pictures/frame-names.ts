import { extname, join } from "node:path";
import { frameNumberText } from "../../core/pictures/picture-names.ts";

/** How the files of an image sequence are named. */
export interface FrameNames {
  /** The folder of the files. */
  readonly folder: string;
  /** The text before and after the number; the suffix includes the extension. */
  readonly prefix: string;
  readonly digits: number;
  readonly suffix: string;
}

/** Reads a pattern as Blender does: the last run of `#` is the number; other `#` are ordinary characters. */
export function frameNamesOf(folder: string, pattern: string): FrameNames {
  const match = /^(.*?)(#+)([^#]*)$/s.exec(pattern);
  const [, prefix = "", hashes = "####", suffix = ".png"] = match ?? [];
  return { folder, prefix, digits: hashes.length, suffix };
}

/** The names of the same pictures with another extension, which has a dot. */
export function withExtension(names: FrameNames, extension: string): FrameNames {
  const stem = names.suffix.slice(0, names.suffix.length - extensionIn(names).length);
  return { ...names, suffix: `${stem}${extension}` };
}

/** The names of a view's pictures. Blender puts `_L` before the extension. */
export function namesOfView(names: FrameNames, view: string): FrameNames {
  return withExtension(names, `${view}${extensionIn(names)}`);
}

function extensionIn({ suffix }: FrameNames): string {
  return extname(`_${suffix}`); // what begins with a dot would count as a name
}

/** The file name that Blender would use: at least as many digits as there are `#`, after a sign if there is one. */
export function frameNameOf(names: FrameNames, frame: number): string {
  return `${names.prefix}${frameNumberText(frame, names.digits)}${names.suffix}`;
}

/** The number of the frame to which a sequence gives this file name; `undefined` for any other name. */
export function frameOfName(names: FrameNames, fileName: string): number | undefined {
  // File systems may have another encoding of accents than the user typed.
  const [name, prefix, suffix] = [fileName, names.prefix, names.suffix].map((text) => text.normalize()) as [
    ...[string, string, string],
  ];
  if (!name.startsWith(prefix) || !name.endsWith(suffix)) return undefined;
  const number = name.slice(prefix.length, name.length - suffix.length);
  if (!/^-?\d{1,15}$/.test(number)) return undefined;
  return frameNameOf(names, Number(number)).normalize() === name ? Number(number) : undefined;
}

export function framePathOf(names: FrameNames, frame: number): string {
  return join(names.folder, frameNameOf(names, frame));
}
