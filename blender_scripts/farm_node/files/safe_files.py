"""Our own files and folders, in places where others may have put something else: no links, no other users' files.

Such things may come with version control, from a shared disk, or from a script in a slot.
"""

from __future__ import annotations

import errno
import os
import re
import secrets
import stat
import tempfile
from pathlib import Path
from typing import Union

from farm_slot.held_files import while_held

_CAREFUL = (
    getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_NONBLOCK", 0)  # opening a pipe must not wait for its other end
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_BINARY", 0)
)
_ROOT = 0
_ATTEMPTS = 10
TEMPORARY = re.compile(r"\.renderfarm-[0-9a-f]{16}\.part")
"""Names of files that are not complete yet."""


class NotOursError(OSError):
    """A link, another user's file, or something else that is not a regular file of ours. The message names it."""

    def __init__(self, message: str) -> None:
        super().__init__(errno.EPERM, message)

    def __str__(self) -> str:
        return str(self.strerror)


def make_folder(path: Path) -> None:
    """Makes a folder that only this user can use. An existing one must be ours and not a link. Raises OSError."""
    try:
        path.mkdir(mode=0o700)
    except FileExistsError:
        check_folder(path)
        _make_private(path)


def check_folder(path: Path) -> None:
    """Raises NotOursError unless it is a folder of this user or root, and not a link; FileNotFoundError."""
    found = os.lstat(path)
    if _is_link(found):
        raise NotOursError(f"{path} is a link")
    if not stat.S_ISDIR(found.st_mode):
        raise NotOursError(f"{path} is not a folder")
    check_owner(path, found)


def check_owner(path: Path, found: os.stat_result) -> None:
    """Raises NotOursError if it belongs to another user than this one or root."""
    if os.name != "posix" or found.st_uid in (os.geteuid(), _ROOT) or found.st_uid == _owner_of_new_files(path):
        return
    raise NotOursError(f"{path} belongs to another user (user id {found.st_uid})")


def check_writers(path: Path, found: os.stat_result) -> None:
    """Raises NotOursError if others than this user and root can write to it.

    A folder like /tmp is accepted, because nobody can remove another user's files there. A group with the user's own
    name is trusted like the user: systems with umask 002 give each user one.
    """
    if os.name != "posix" or found.st_mode & stat.S_ISVTX and stat.S_ISDIR(found.st_mode):
        return
    if found.st_mode & stat.S_IWOTH:
        writers = "everybody"
    elif found.st_mode & stat.S_IWGRP and not _is_private_group(found.st_gid):
        writers = f"the group {found.st_gid}"
    else:
        return
    raise NotOursError(f"{writers} may write to {path}; chmod go-w '{path}' changes that")


def open_new(path: Union[Path, str], flags: int = os.O_WRONLY, mode: int = 0o600) -> int:
    """A descriptor of a new file that only this user can use. Raises OSError."""
    return os.open(path, flags | os.O_CREAT | os.O_EXCL | _CAREFUL, mode)


def write_new(path: str, data: bytes, mode: int) -> os.stat_result:
    """Writes a new file, or one that replaces an unfinished one, without syncing it. Raises OSError."""
    try:
        handle = open_new(path, mode=mode)
    except FileExistsError:
        os.unlink(path)
        handle = open_new(path, mode=mode)
    try:
        left = memoryview(data)
        while left:
            left = left[os.write(handle, left) :]
        return os.fstat(handle)
    finally:
        os.close(handle)


def open_own(path: Path, flags: int = os.O_RDONLY) -> int:
    """A descriptor of a regular file of ours. Raises OSError."""
    for _ in range(_ATTEMPTS):
        expected = os.lstat(path)
        if _is_link(expected):
            raise NotOursError(f"{path} is a link")
        handle = os.open(path, flags | _CAREFUL)
        try:
            opened = os.fstat(handle)
            if os.path.samestat(expected, opened):
                _check_opened(path, opened, is_written=flags & (os.O_WRONLY | os.O_RDWR) != 0)
                return handle
        except OSError:
            os.close(handle)
            raise
        os.close(handle)  # another node has just replaced it
    raise NotOursError(f"{path} was replaced every time it was opened")


def open_or_make(path: Path, flags: int) -> int:
    """A descriptor of a regular file of ours, which is made if it is missing. Raises OSError."""
    while True:
        try:
            return open_own(path, flags)
        except FileNotFoundError:
            pass
        try:
            return open_new(path, flags)
        except FileExistsError:
            pass  # another node has made it meanwhile


def write_whole(path: Path, text: str) -> None:
    """Writes a file completely or not at all. Replaces an existing one, and does not follow a link. Raises OSError."""
    temporary = path.with_name(temporary_name())
    handle = open_new(temporary)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        while_held(lambda: temporary.replace(path))
    except OSError:
        temporary.unlink(missing_ok=True)
        raise


def temporary_name() -> str:
    """A unique name, from 64 random bits."""
    return f".renderfarm-{secrets.token_hex(8)}.part"


def _check_opened(path: Path, opened: os.stat_result, is_written: bool) -> None:
    if not stat.S_ISREG(opened.st_mode):
        raise NotOursError(f"{path} is not a regular file")
    if is_written and opened.st_nlink > 1:
        raise NotOursError(f"{path} has a second name (a hard link): writing to it would change another file")
    check_owner(path, opened)


def _is_link(found: os.stat_result) -> bool:
    """Includes Windows' junctions, which are links to folders."""
    junction = getattr(stat, "IO_REPARSE_TAG_MOUNT_POINT", None)
    return stat.S_ISLNK(found.st_mode) or (junction is not None and getattr(found, "st_reparse_tag", None) == junction)


def _owner_of_new_files(path: Path) -> int:
    """The owner of new files there: some network and memory-card file systems give all files one owner."""
    try:
        with tempfile.TemporaryFile(dir=path.parent) as probe:
            return os.fstat(probe.fileno()).st_uid
    except OSError:
        return os.geteuid()


def _is_private_group(gid: int) -> bool:
    """Whether the group only has this user. The group of root is trusted like root."""
    if gid == 0:
        return True
    import grp  # it does not exist on Windows
    import pwd

    try:
        group, user = grp.getgrgid(gid), pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return False
    return group.gr_name == user and set(group.gr_mem) <= {user}


def _make_private(folder: Path) -> None:
    try:
        if stat.S_IMODE(folder.stat().st_mode) & 0o077:
            folder.chmod(0o700)
    except OSError:
        pass  # a file system without modes, or a folder of root
