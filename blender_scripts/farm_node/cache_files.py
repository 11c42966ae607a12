"""What lies in the folders of the blob cache. Other nodes of this machine use them too: any file may be gone meanwhile."""

from __future__ import annotations

import time
from pathlib import Path
from typing import NamedTuple


class CacheFile(NamedTuple):
    """Sorts by the time of the last use, in seconds of Unix time; `size` is in bytes."""

    used_at: float
    size: int
    path: Path

    def is_unused(self, for_s: float) -> bool:
        return self.used_at < time.time() - for_s


def files_in(folder: Path) -> list[CacheFile]:
    """In no order; none when there is no such folder."""
    return [_look(path) for path in _paths_in(folder) if path.is_file()]


def folders_in(folder: Path) -> list[Path]:
    return [path for path in _paths_in(folder) if path.is_dir()]


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
    if _look(folder).is_unused(for_s):
        try:
            folder.rmdir()
        except OSError:
            pass  # it is not empty


def make_private(folder: Path, is_shared: bool) -> None:
    """Scenes are nobody else's business. A cache folder that was there, and may hold other things, is left as it is."""
    is_new = not folder.exists()
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if is_new or is_shared:
        return
    try:
        folder.chmod(0o700)  # made by an earlier release
    except OSError:
        pass  # it belongs to another user, who decides


def _paths_in(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except OSError:
        return []


def _look(path: Path) -> CacheFile:
    try:
        found = path.stat()
    except OSError:
        return CacheFile(time.time(), 0, path)  # gone
    return CacheFile(found.st_mtime, found.st_size, path)
