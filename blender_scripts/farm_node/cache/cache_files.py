"""What lies in the folders of the blob cache: only files and folders of the names that nodes give, and never links.

Other nodes of this machine use them too: any file may be gone meanwhile.
"""

from __future__ import annotations

import os
import re
import stat
import time
from pathlib import Path
from typing import NamedTuple, Optional

from ..identity import NODE_ID

BLOB_NAME = re.compile(r"[0-9a-f]{64}")


class CacheFile(NamedTuple):
    """Sorts by the time of the last use, in seconds of Unix time; `size` is in bytes."""

    used_at: float
    size: int
    path: Path

    def is_unused(self, for_s: float) -> bool:
        return self.used_at < time.time() - for_s


def files_in(folder: Path) -> list[CacheFile]:
    """Blobs, or parts of some, in no order; none when there is no such folder."""
    looks = [(path, _look(path)) for path in _paths_in(folder) if BLOB_NAME.fullmatch(path.name)]
    return [_entry(path, found) for path, found in looks if found is not None and stat.S_ISREG(found.st_mode)]


def folders_in(folder: Path) -> list[Path]:
    """Those of nodes."""
    looks = [(path, _look(path)) for path in _paths_in(folder) if NODE_ID.fullmatch(path.name)]
    return [path for path, found in looks if found is not None and stat.S_ISDIR(found.st_mode)]


def size_of(path: Path) -> Optional[int]:
    """In bytes; None for what is not there, or is no ordinary file."""
    found = _look(path)
    return found.st_size if found is not None and stat.S_ISREG(found.st_mode) else None


def remove(path: Path) -> None:
    """A file that cannot be removed (on Windows, while another program reads it) is tried again another time."""
    try:
        path.unlink(missing_ok=True)
    except OSError:
        pass


def remove_unused(folder: Path, for_s: float) -> None:
    """Removes files that were not used for so long, and the folder, when nothing was in it for so long."""
    for file in files_in(folder):
        if file.is_unused(for_s):
            remove(file.path)
    found = _look(folder)
    if found is not None and _entry(folder, found).is_unused(for_s):
        remove_if_empty(folder)


def remove_files(folder: Path) -> None:
    """Removes all of them, and the folder, when nothing else is in it."""
    for file in files_in(folder):
        remove(file.path)
    remove_if_empty(folder)


def remove_if_empty(folder: Path) -> None:
    try:
        folder.rmdir()
    except OSError:
        pass


def _paths_in(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except OSError:
        return []


def _look(path: Path) -> Optional[os.stat_result]:
    try:
        return os.lstat(path)
    except OSError:
        return None


def _entry(path: Path, found: os.stat_result) -> CacheFile:
    return CacheFile(found.st_mtime, found.st_size, path)
