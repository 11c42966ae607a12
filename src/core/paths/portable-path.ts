const longestNameBytes = 255;
const longestPath = 1_024;
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it is about
const forbidden = /[\u0000-\u001f<>:"\\|?*]/;
const reserved = /^(?:con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³]) *(?:\..*)?$/is;

/**
 * Whether a path with slashes stays in its folder, and every system can have it. Nodes have the same rule, in
 * `farm_slot/files/portable_paths.py`: for the files of a project, and for pictures.
 */
export function isPortablePath(path: string): boolean {
  return path.length <= longestPath && path.split("/").every(isPortableName);
}

function isPortableName(name: string): boolean {
  if (name === "" || name === "." || name === ".." || /[. ]$/.test(name)) return false;
  if (/\p{Surrogate}/u.test(name) || Buffer.byteLength(name) > longestNameBytes) return false;
  return !forbidden.test(name) && !reserved.test(name);
}

/** Whether no part of a path is hidden. */
export function isVisible(path: string): boolean {
  return path.split("/").every((name) => !name.startsWith("."));
}
