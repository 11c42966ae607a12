"""Keeps the blob cache within its limit and the disk's free space, by evicting what was not used for longest."""

from __future__ import annotations

import shutil
import time
from collections import Counter
from pathlib import Path
from typing import Mapping

from ..errors import BlobError
from ..limits import LOOK_AGAIN_S, MAX_PARTS, PART_KEPT_S, PARTS_SHARE, RESERVE_BYTES
from .blob_writer import BlobWriter
from .cache_files import CacheFile, files_in, folders_in, remove


class CacheRoom:
    """`limit` is in bytes. `pins` and `writers` are those of the store, by digest: what is in them is never evicted.

    The store calls it under its lock.
    """

    def __init__(
        self, blobs: Path, parts: Path, limit: int, pins: Counter[str], writers: Mapping[str, BlobWriter]
    ) -> None:
        self._blobs = blobs
        self._parts = parts
        self._limit = limit
        self._pins = pins
        self._writers = writers
        self._small_left = 0
        """How many bytes of small blobs fit, as of the last look at all folders."""
        self._looked_at = -LOOK_AGAIN_S

    def free_bytes(self) -> int:
        spare = sum(entry.size for entry in self._evictable(keep="")) - self._promised()
        return max(0, min(self._limit - self._used(), self._disk_free()) + spare)

    def make_small(self, size: int, keep: str) -> None:
        """As `make`. If there was room enough a moment ago, the cache is not searched: small blobs are many."""
        if time.monotonic() - self._looked_at >= LOOK_AGAIN_S or size > self._small_left:
            self.make(size, keep)
            self._looked_at = time.monotonic()
            self._small_left = min(self._limit - self._used(), self._disk_free()) - self._promised()
        self._small_left -= size

    def _promised(self) -> int:
        """Missing bytes of the blobs that are being received."""
        return sum(writer.missing for writer in list(self._writers.values()))

    def _disk_free(self) -> int:
        return max(0, shutil.disk_usage(self._blobs).free - RESERVE_BYTES)

    def _used(self) -> int:
        """Includes the parts of all nodes that share the cache."""
        folders = [self._blobs, *folders_in(self._parts.parent)]
        return sum(file.size for folder in folders for file in files_in(folder))

    def _waiting_parts(self, but: str = "") -> list[CacheFile]:
        """Parts that can be resumed and are not being written, oldest first."""
        busy = self._writers.keys() | {but}
        return sorted(file for file in files_in(self._parts) if file.path.name not in busy)

    def _evictable(self, keep: str) -> list[CacheFile]:
        """Least recently used first; parts of unfinished transfers count like blobs."""
        blobs = (file for file in files_in(self._blobs) if file.path.name not in self._pins.keys() | {keep})
        return sorted([*blobs, *self._waiting_parts(but=keep)])

    def trim_parts(self, coming: str = "") -> None:
        """Makes room for the part that is `coming`. Raises BlobError if the maximum number is being written."""
        waiting = self._waiting_parts(but=coming)
        total = sum(part.size for part in waiting)
        number = len(waiting) + len(self._writers) + bool(coming)
        for part in waiting:
            is_too_much = total > self._limit * PARTS_SHARE and part is not waiting[-1]
            if number > MAX_PARTS or is_too_much or part.is_unused(PART_KEPT_S):
                remove(part.path)
                total -= part.size
                number -= 1
        if coming and number > MAX_PARTS:
            raise BlobError("WRITE_FAILED", f"{MAX_PARTS} files are being received already")

    def make(self, size: int, keep: str) -> None:
        """Missing bytes of other transfers count as used. Evicts nothing if that would not be enough."""
        needed = size + self._promised()
        evictable = self._evictable(keep)
        spare, used = sum(file.size for file in evictable), self._used()
        if used - spare + needed > self._limit:
            raise BlobError("TOO_LARGE", f"{needed} bytes are needed and the cache is full of files in use")
        if self._disk_free() + spare >= needed:
            for oldest in evictable:
                if used + needed <= self._limit and self._disk_free() >= needed:
                    return
                remove(oldest.path)
                used -= oldest.size
        if self._disk_free() < needed:
            raise BlobError("DISK_FULL", f"{needed} bytes are needed and {self._disk_free()} are free")
