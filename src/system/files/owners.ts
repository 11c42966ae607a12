import { readFileSync, type Stats } from "node:fs";
import { userInfo } from "node:os";
import { shellQuoted } from "../../core/text.ts";
import { unsafePath } from "./unsafe-path.ts";

const groupMayWrite = 0o020;
const othersMayWrite = 0o002;
/** In a folder with this bit, such as /tmp, nobody can remove another user's files. */
const sticky = 0o1000;

/** This user's number; `undefined` on Windows, where Node cannot read the owners of files. */
export const ownUid: number | undefined = process.getuid?.();

/**
 * Requires that only this user and root can have written what we are about to trust.
 *
 * @throws {FarmError} `FARM_UNSAFE_PATH` with the command that fixes it
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

/** Whether everybody can write there. */
export function isOpenToAll({ mode }: Stats): boolean {
  return (mode & othersMayWrite) !== 0;
}

/** Whether it is a folder like /tmp: open to all, but nobody can remove another user's files. */
export function isSharedPlace({ mode }: Stats): boolean {
  return (mode & othersMayWrite) !== 0 && (mode & sticky) !== 0;
}

/** A user who became root with sudo still uses their own files. */
function isTrusted(uid: number): boolean {
  return uid === ownUid || uid === 0 || (ownUid === 0 && String(uid) === process.env.SUDO_UID);
}

function writersOf(stats: Stats): string | undefined {
  if (isSharedPlace(stats)) return undefined; // the files in it are checked by their own owners
  if (isOpenToAll(stats)) return "everybody";
  return (stats.mode & groupMayWrite) !== 0 && !isPrivateGroup(stats.gid) ? `the group ${stats.gid}` : undefined;
}

/**
 * Whether a group only contains its user. Systems on which new files are writable for the group (umask 002) give each
 * user a group with the user's name and nobody else in it. The group of root is trusted like root.
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
    return false; // a user without a name, or groups that are not in this file
  }
}
