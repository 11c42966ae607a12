"""One blob being received: appended to its part, verified, and renamed into the cache."""

from __future__ import annotations

import errno
import hashlib
import os
import threading
from pathlib import Path
from typing import Callable

from farm_slot.held_files import while_held

from ..errors import BlobError, is_disk_full
from ..files.safe_files import open_or_make
from .cache_files import remove
from .file_proof import CHUNK


SYNCED_BYTES = 16 * 1024 * 1024
"""A smaller blob is not worth the wait. After a start of the node, each blob is read before it is used."""

BLOB_MODE = 0o400 if os.name == "posix" else 0o600
"""Read-only, because a job uses the same file through another name. Windows would not remove a read-only file."""


class BlobWriter:
    """Only one thread at a time may call it, except for `abandon`.

    The bytes of an earlier transfer are hashed piece by piece while the rest arrives. Hashing them all at once could
    take minutes, and the coordinator would see no progress.
    """

    def __init__(
        self, sha256: str, size: int, part: Path, whole: Path, on_end: Callable[[BlobWriter], None]
    ) -> None:
        """`part` is renamed to `whole` when it is complete. `on_end` is called once. Raises OSError."""
        self._size = size
        self._part = part
        self._whole = whole
        self._on_end = on_end
        self._lock = threading.Lock()
        self._digest = hashlib.sha256()
        self._abandoned = False
        self._has_ended = False
        self._file = os.fdopen(open_or_make(part, os.O_RDWR | os.O_APPEND), "ab+")
        self._hashed = 0
        self.sha256 = sha256
        self.position = os.fstat(self._file.fileno()).st_size
        """Offset of the next piece, in bytes."""

    @property
    def missing(self) -> int:
        """Announced bytes that are not on the disk yet; 0 after the end."""
        try:
            return max(0, self._size - self._part.stat().st_size)
        except OSError:
            return 0

    def write(self, data: bytes) -> None:
        """Raises BlobError. The part is kept for resuming, unless it is longer than announced."""
        with self._lock:
            self._check_wanted()
            if self.position + len(data) > self._size:
                self._drop()
                raise BlobError("TOO_LARGE", f"The file is longer than its {self._size} bytes")
            try:
                self._file.write(data)
                self.position += len(data)
                self._hash(data)
            except OSError as error:
                raise write_error(error) from error

    def finish(self) -> None:
        """Verifies the blob, syncs a large one, and moves it into the cache.

        Raises BlobError. A part with a wrong digest is removed.
        """
        with self._lock:
            self._check_wanted()
            if self.position < self._size:
                raise BlobError("WRITE_FAILED", f"{self._size - self.position} bytes are missing")
            try:
                while self._hashed < self.position:
                    self._check_wanted()
                    self._hash(b"")
                if self._digest.hexdigest() != self.sha256:
                    self._drop()
                    raise BlobError("DIGEST_MISMATCH", "The file was damaged on the way: its checksum is wrong")
                self._file.flush()
                if self._size >= SYNCED_BYTES:
                    os.fsync(self._file.fileno())
                self._end(lambda: while_held(lambda: self._part.replace(self._whole)))
                self._protect()
            except OSError as error:
                raise write_error(error) from error

    def abandon(self) -> None:
        """Stops, and keeps a part that is not empty for resuming. Returns when no write is in progress. Idempotent."""
        self._abandoned = True
        with self._lock:
            self._end(self._remove_if_empty)

    def drop(self) -> None:
        """Stops, and keeps nothing. Idempotent."""
        self._abandoned = True
        with self._lock:
            self._drop()

    def _hash(self, newest: bytes) -> None:
        """Hashes the newest bytes, or, if earlier ones are not hashed yet, the next of those."""
        if self._hashed + len(newest) != self.position:
            self._file.seek(self._hashed)
            newest = self._file.read(CHUNK)
            self._file.seek(0, os.SEEK_END)  # for the next write; Python's buffer must know it too
            if not newest:
                raise OSError(errno.EIO, "The part is shorter than it was")
        self._digest.update(newest)
        self._hashed += len(newest)

    def _protect(self) -> None:
        try:
            os.chmod(self._whole, BLOB_MODE)
        except OSError:
            pass  # a file system without modes

    def _check_wanted(self) -> None:
        if self._abandoned:
            raise BlobError("WRITE_FAILED", "The file is being sent again over a newer connection")

    def _drop(self) -> None:
        self._end(lambda: remove(self._part))

    def _remove_if_empty(self) -> None:
        if self.missing == self._size:
            remove(self._part)

    def _end(self, last: Callable[[], object] = lambda: None) -> None:
        """Has an effect only once: afterwards the part may belong to a newer transfer."""
        if self._has_ended:
            return
        self._has_ended = True
        try:
            self._file.close()  # flushes, which may fail again on a full disk
        except OSError:
            pass
        try:
            last()
        finally:
            self._on_end(self)


def write_error(error: OSError) -> BlobError:
    code = "DISK_FULL" if is_disk_full(error) else "WRITE_FAILED"
    return BlobError(code, f"Cannot write to the node's cache: {error.strerror}")
