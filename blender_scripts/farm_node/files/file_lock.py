"""A lock that the operating system releases when its owner ends, however it ends."""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path
from typing import Optional

from .safe_files import open_or_make

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl


_HELD = (errno.EWOULDBLOCK, errno.EAGAIN, errno.EACCES, errno.EDEADLK)


class FileLock:
    """Holds an exclusive lock on a file until `release` or the end of the process."""

    def __init__(self, handle: int) -> None:
        self._handle: Optional[int] = handle

    @classmethod
    def try_acquire(cls, path: Path) -> Optional[FileLock]:
        """The lock, or None while another process (or another FileLock) holds it.

        Raises OSError, also if the file is a link or another user's.
        """
        handle = open_or_make(path, os.O_RDWR)
        try:
            if sys.platform == "win32":
                msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
            else:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(handle)
            if error.errno in _HELD:
                return None
            raise  # the file system does not support locks
        return cls(handle)

    def release(self) -> None:
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None
