"""Is a file what its digest says, and is it still the file that was looked at?"""

from __future__ import annotations

import errno
import hashlib
import os
from pathlib import Path
from typing import Callable, NamedTuple, Optional

from farm_slot.change_time import change_time_ns
from farm_slot.held_files import while_held

from ..files.safe_files import open_own

CHUNK = 4 * 1024 * 1024


class Unwanted(Exception):
    """Nobody waits for the result any more."""


class Signature(NamedTuple):
    """Changes with every write to the file, through whichever of its names, and when another file takes its place.

    Programs can set the time of writing as they like, but not `changed`.
    """

    device: int
    inode: int
    size: int
    modified_ns: int
    changed: int

    @classmethod
    def of(cls, path: Path, found: os.stat_result) -> Signature:
        """`found` is of the file of that path. Raises OSError."""
        changed = change_time_ns(path, found)
        return cls(found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, changed)


def signature_of(path: Path) -> Optional[Signature]:
    """None when it is not there, or cannot be looked at."""
    try:
        return Signature.of(path, os.lstat(path))
    except OSError:
        return None


def prove(path: Path, sha256: str, is_wanted: Callable[[], bool]) -> Optional[Signature]:
    """Reads the whole file. Its signature, taken before the first byte is read; None when it is not what the digest says.

    Takes about a second for each gigabyte: to be called in a thread. Raises OSError, but not when the disk cannot read the
    file; Unwanted when `is_wanted` says so.
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
            return None  # as lost as if it were wrong
    return signature if digest.hexdigest() == sha256 else None
