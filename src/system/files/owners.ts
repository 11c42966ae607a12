import { readFileSync, type Stats } from "node:fs";
import { userInfo } from "node:os";
import { shellQuoted } from "../../core/text.ts";
import { unsafePath } from "./unsafe-path.ts";

const groupMayWrite = 0o020;
const othersMayWrite = 0o002;
/** In such a folder nobody can take away what is another's: /tmp is one. */
const sticky = 0o1000;

/** This user's number; `undefined` on Windows, where files have no owners that could be looked at. */
export const ownUid: number | undefined = process.getuid?.();

/**
 * Requires that nobody but this user, and root, could have written what we are about to trust.
 *
 * @throws {FarmError} `FARM_UNSAFE_PATH` with the command that mends it
 */
export function requireTrustedOwner(path: string, stats: Stats): void {
  if (ownUid === undefined) return;
  const otherwise = "or set RENDERFARM_CONFIG_DIR to a folder of your own";
  if (!isTrusted(stats.uid)) {
    const hint = `Give it to the user who runs this (chown ${ownUid} ${shellQuoted(path)}), ${otherwise}`;
    throw unsafePath(path, `it belongs to another user (uid ${stats.uid})`, hint);
  }
  const who = writersOf(stats);
  if (who !== undefined)
    throw unsafePath(path, `${who} may write to it`, `chmod go-w ${shellQuoted(path)}, ${otherwise}`);
}

/** Whether everybody may write there. */
export function isOpenToAll({ mode }: Stats): boolean {
  return (mode & othersMayWrite) !== 0;
}

/** Whether it is a folder like /tmp: for all, and what is another's cannot be taken away. */
export function isSharedPlace({ mode }: Stats): boolean {
  return (mode & othersMayWrite) !== 0 && (mode & sticky) !== 0;
}

/** Whoever became root by sudo still uses his own files. */
function isTrusted(uid: number): boolean {
  return uid === ownUid || uid === 0 || (ownUid === 0 && String(uid) === process.env.SUDO_UID);
}

function writersOf(stats: Stats): string | undefined {
  if (isSharedPlace(stats)) return undefined; // what is in it is looked at by its own owner
  if (isOpenToAll(stats)) return "everybody";
  return (stats.mode & groupMayWrite) !== 0 && !isPrivateGroup(stats.gid) ? `the group ${stats.gid}` : undefined;
}

/**
 * Whether a group is as good as its user: systems on which new files are writable for the group (umask 002) give each
 * user a group of his own name, with nobody else in it. The group of root is root's affair.
 */
function isPrivateGroup(gid: number): boolean {
  if (gid === 0) return true;
  try {
    const { username } = userInfo();
    const line = readFileSync("/etc/group", "utf8")
      .split("\n")
      .find((text) => text.split(":")[2] === String(gid));
    const [name, , , members = ""] = line?.split(":") ?? [];
    return name === username && (members === "" || members === username);
  } catch {
    return false; // a user without a name, or groups that are kept elsewhere
  }
}
