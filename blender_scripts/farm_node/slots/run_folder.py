"""The folder of one run of the node. It contains everything that jobs write, and is removed with the node."""

from __future__ import annotations

import errno
import os
import re
import secrets
from pathlib import Path
from typing import Optional

from farm_slot.held_files import remove_tree

from ..cache.cache_files import remove_if_empty
from ..errors import Fault, is_disk_full
from ..files.file_lock import FileLock
from ..files.safe_files import check_folder, make_folder

RUNS = "runs"
OWNER = "owner.lock"
_RUN_NAME = re.compile(r"\d+-[0-9a-f]{8}")
_ATTEMPTS = 5


class RunFolder:
    """A folder below the cache, because /tmp may be in memory. Its lock shows other nodes that it is in use."""

    def __init__(self, path: Path, lock: FileLock) -> None:
        self.path = path
        self._lock = lock

    @classmethod
    def create(cls, root: Path) -> RunFolder:
        """`root` is used by nodes only. Raises OSError."""
        make_folder(root / RUNS)
        for _ in range(_ATTEMPTS):
            path = root / RUNS / f"{os.getpid()}-{secrets.token_hex(4)}"
            path.mkdir(mode=0o700)
            try:
                lock = FileLock.try_acquire(path / OWNER)
            except FileNotFoundError:
                continue  # a node that is starting took the new folder for a dead node's, and removed it
            except OSError:
                remove_tree(path)
                raise
            if lock is not None and (path / OWNER).exists():
                return cls(path, lock)
        raise OSError(errno.EAGAIN, f"Other nodes remove every new folder in {root / RUNS}")

    def remove(self) -> None:
        """Removes the folder. Only called when no slot runs any more. Idempotent."""
        self._lock.release()  # before the removal: Windows cannot remove an open file
        remove_tree(self.path)


def make_slot_folder(folder: Path) -> Optional[Fault]:
    """Makes the folder of a slot's process, with an empty `tmp` in it. Returns a fault if that fails."""
    try:
        make_folder(folder)
        remove_tree(folder / "tmp")
        make_folder(folder / "tmp")
    except OSError as error:
        code = "DISK_FULL" if is_disk_full(error) else "LOAD_FAILED"
        message = f"Cannot make the slot's folder: {error.strerror}"
        return Fault(code, message, "Check the disk of the node's cache folder")
    return None


def remove_stale(root: Path) -> int:
    """Removes the folders of nodes that ended without removing them (kill -9, power loss). Returns how many.

    Raises OSError if the folder of runs is not one of ours.
    """
    make_folder(root / RUNS)
    removed = 0
    for path in (root / RUNS).iterdir():
        if not _RUN_NAME.fullmatch(path.name) or not _is_ours(path):
            continue
        if not (path / OWNER).exists():
            remove_if_empty(path)  # its node ended before it had a lock; without a lock, files are not a node's
            continue
        try:
            lock = FileLock.try_acquire(path / OWNER)
        except OSError:
            continue
        if lock is None:
            continue
        if os.name == "nt":
            lock.release()  # Windows cannot remove an open file
        remove_tree(path)
        lock.release()
        removed += 1
    return removed


def _is_ours(folder: Path) -> bool:
    try:
        check_folder(folder)
    except OSError:
        return False
    return True
