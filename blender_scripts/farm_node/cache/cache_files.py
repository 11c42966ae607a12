"""The files in the blob cache's folders: only those with names that nodes give, and never links.

Other nodes of this machine use them too, so any file may disappear at any time.
"""

from __future__ import annotations

import os
import re
import stat
import time
from pathlib import Path
from typing import NamedTuple, Optional, Union

from ..identity import NODE_ID

BLOB_NAME = re.compile(r"[0-9a-f]{64}")


class CacheFile(NamedTuple):
    """Sorts by the time of the last use, in Unix seconds; `size` is in bytes."""

    used_at: float
    size: int
    path: Path

    def is_unused(self, for_s: float) -> bool:
        return self.used_at < time.time() - for_s


def files_in(folder: Path) -> list[CacheFile]:
    """Blobs or parts, in no particular order; none if the folder does not exist."""
    stats = [(path, _stat(path)) for path in _paths_in(folder) if BLOB_NAME.fullmatch(path.name)]
    return [_entry(path, found) for path, found in stats if found is not None and stat.S_ISREG(found.st_mode)]


def folders_in(folder: Path) -> list[Path]:
    """The folders of nodes."""
    stats = [(path, _stat(path)) for path in _paths_in(folder) if NODE_ID.fullmatch(path.name)]
    return [path for path, found in stats if found is not None and stat.S_ISDIR(found.st_mode)]


def size_of(path: Union[Path, str]) -> Optional[int]:
    """Size in bytes; None for a missing file, and for anything but a regular file."""
    found = _stat(path)
    return found.st_size if found is not None and stat.S_ISREG(found.st_mode) else None


def remove(path: Path) -> None:
    """Removes a file. Ignores a failure (on Windows, while another program reads it): a later call tries again."""
    try:
        path.unlink(missing_ok=True)
    except OSError:
        pass


def remove_unused(folder: Path, for_s: float) -> None:
    """Removes files that were not used for that long, and the folder if it has been empty for that long."""
    for file in files_in(folder):
        if file.is_unused(for_s):
            remove(file.path)
    found = _stat(folder)
    if found is not None and _entry(folder, found).is_unused(for_s):
        remove_if_empty(folder)


def remove_files(folder: Path) -> None:
    """Removes all of them, and the folder if it is then empty."""
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


def _stat(path: Union[Path, str]) -> Optional[os.stat_result]:
    try:
        return os.lstat(path)
    except OSError:
        return None


def _entry(path: Path, found: os.stat_result) -> CacheFile:
    return CacheFile(found.st_mtime, found.st_size, path)
