"""Checks whether a file matches its digest, and whether it is still the file that was checked."""

from __future__ import annotations

import errno
import hashlib
import os
from pathlib import Path
from typing import Callable, NamedTuple, Optional

from farm_slot.files.change_time import change_time_ns
from farm_slot.held_files import while_held

from ..files.safe_files import open_own

CHUNK = 4 * 1024 * 1024


class Unwanted(Exception):
    """The result is no longer needed."""


class Signature(NamedTuple):
    """Changes with every write to the file, through any of its names, and if another file replaces it.

    Programs can set the modification time, but not `changed`.
    """

    device: int
    inode: int
    size: int
    modified_ns: int
    changed: int

    @classmethod
    def of(cls, path: Path, found: os.stat_result) -> Signature:
        """`found` is the stat result for that path. Raises OSError."""
        changed = change_time_ns(path, found)
        return cls(found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, changed)


def signature_of(path: Path) -> Optional[Signature]:
    """None if the file is missing or cannot be inspected."""
    try:
        return Signature.of(path, os.lstat(path))
    except OSError:
        return None


def prove(path: Path, sha256: str, is_wanted: Callable[[], bool]) -> Optional[Signature]:
    """Reads the whole file. Returns its signature from before the first read; None if it does not match the digest.

    Takes about a second per gigabyte, so call it in a thread. Raises OSError, but not if the disk cannot read the file;
    Unwanted if `is_wanted` returns False.
    """
    digest = hashlib.sha256()
    with os.fdopen(while_held(lambda: open_own(path)), "rb", buffering=0) as file:
        signature = Signature.of(path, os.fstat(file.fileno()))
        try:
            while data := file.read(CHUNK):
                if not is_wanted():
                    raise Unwanted
                digest.update(data)
        except OSError as error:
            if error.errno != errno.EIO:
                raise
            return None  # an unreadable file is as useless as a wrong one
    return signature if digest.hexdigest() == sha256 else None
