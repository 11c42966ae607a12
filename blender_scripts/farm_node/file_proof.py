"""Is a file what its digest says, and is it still the file that was looked at?"""

from __future__ import annotations

import errno
import hashlib
import os
from pathlib import Path
from typing import Callable, NamedTuple, Optional

from .safe_files import open_own

CHUNK = 4 * 1024 * 1024


class Unwanted(Exception):
    """Nobody waits for the result any more."""


class Signature(NamedTuple):
    """Changes with every write to the file, through whichever of its names, and when another file takes its place."""

    device: int
    inode: int
    size: int
    modified_ns: int
    changed_ns: int

    @classmethod
    def of(cls, found: os.stat_result) -> Signature:
        return cls(found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)


def signature_of(path: Path) -> Optional[Signature]:
    """None when it is not there, or cannot be looked at."""
    try:
        return Signature.of(os.lstat(path))
    except OSError:
        return None


def prove(path: Path, sha256: str, is_wanted: Callable[[], bool]) -> Optional[Signature]:
    """Reads the whole file. Its signature, taken before the first byte is read; None when it is not what the digest says.

    Takes about a second for each gigabyte: to be called in a thread. Raises OSError, but not when the disk cannot read the
    file; Unwanted when `is_wanted` says so.
    """
    digest = hashlib.sha256()
    with os.fdopen(open_own(path), "rb", buffering=0) as file:
        signature = Signature.of(os.fstat(file.fileno()))
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
