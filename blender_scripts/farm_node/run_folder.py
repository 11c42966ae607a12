"""Folders of one run of the node: everything a job writes is in there, and nothing of it outlives the node."""

from __future__ import annotations

import errno
import os
import secrets
import shutil
from pathlib import Path
from typing import Optional

from .errors import Fault
from .file_lock import FileLock

OWNER = "owner.lock"


class RunFolder:
    """A folder below the cache (not in /tmp, which may be memory), locked so that a later node knows it is in use."""

    def __init__(self, path: Path, lock: FileLock) -> None:
        self.path = path
        self._lock = lock

    @classmethod
    def create(cls, cache: Path) -> RunFolder:
        """Raises OSError."""
        path = cache / "runs" / f"{os.getpid()}-{secrets.token_hex(4)}"
        path.mkdir(parents=True, mode=0o700)
        lock = FileLock.try_acquire(path / OWNER)
        assert lock is not None, "nobody else knows this name"
        return cls(path, lock)

    def remove(self) -> None:
        """Idempotent; only called when no slot runs any more."""
        self._lock.release()  # before the removal: Windows removes no open file
        shutil.rmtree(self.path, ignore_errors=True)


def make_slot_folder(folder: Path) -> Optional[Fault]:
    """With an empty `tmp` in it, for one life of a slot; a fault when the disk does not take it."""
    try:
        shutil.rmtree(folder / "tmp", ignore_errors=True)
        (folder / "tmp").mkdir(parents=True, exist_ok=True)
    except OSError as error:
        full = error.errno in (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC))
        message = f"Cannot make the slot's folder: {error.strerror}"
        return Fault("DISK_FULL" if full else "LOAD_FAILED", message, "Look at the disk of the node's cache folder")
    return None


def remove_stale(cache: Path) -> int:
    """Removes the folders of nodes that ended without doing so (kill -9, power); returns how many."""
    removed = 0
    for path in (cache / "runs").glob("*"):
        try:
            lock = FileLock.try_acquire(path / OWNER)
        except OSError:
            continue
        if lock is None:
            continue
        lock.release()
        shutil.rmtree(path, ignore_errors=True)
        removed += 1
    return removed
