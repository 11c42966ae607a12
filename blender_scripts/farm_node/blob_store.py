"""Files named by their SHA-256, kept between jobs: what a node has once, it need not be sent again.

`<root>/blobs/<sha256>` are whole and verified; `<root>/parts/<node id>/<sha256>` are being received. Parts are apart per
node because two nodes of one machine share the cache, and two writers of one part would spoil it.
Nothing here knows asyncio; the methods that touch the disk for long are called in threads.
"""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import threading
from collections import Counter
from pathlib import Path
from typing import Optional

from .errors import BlobError
from .limits import RESERVE_BYTES
from .protocol import MAX_BLOB

CHUNK = 4 * 1024 * 1024


class BlobWriter:
    """Receives one blob in order. Only one thread at a time may call it; `abandon` may come from another."""

    def __init__(self, store: BlobStore, sha256: str, size: int, part: Path) -> None:
        self._store = store
        self._size = size
        self._part = part
        self._lock = threading.Lock()
        self._digest = hashlib.sha256()
        self._abandoned = False
        self.sha256 = sha256
        self.position = 0
        """Offset in bytes of the next piece."""
        self._file = open(part, "ab+")
        self._hash_what_is_there()

    def _hash_what_is_there(self) -> None:
        self._file.seek(0)
        while chunk := self._file.read(CHUNK):
            if self._abandoned:
                break
            self._digest.update(chunk)
            self.position += len(chunk)

    def write(self, data: bytes) -> None:
        """Raises BlobError; the part stays for resuming, except when it is longer than the blob was said to be."""
        with self._lock:
            if self._abandoned:
                raise BlobError("WRITE_FAILED", "The transfer was replaced by a newer one")
            if self.position + len(data) > self._size:
                self._drop()
                raise BlobError("TOO_LARGE", f"The blob is longer than the {self._size} bytes it was said to have")
            try:
                self._file.write(data)
            except OSError as error:
                raise _write_error(error) from error
            self._digest.update(data)
            self.position += len(data)

    def finish(self) -> None:
        """Verifies, syncs and renames into the cache. Raises BlobError; after a wrong digest the part is gone."""
        with self._lock:
            if self._abandoned:
                raise BlobError("WRITE_FAILED", "The transfer was replaced by a newer one")
            if self.position < self._size:
                raise BlobError("WRITE_FAILED", f"{self._size - self.position} bytes are missing")
            if self._digest.hexdigest() != self.sha256:
                self._drop()
                raise BlobError("DIGEST_MISMATCH", "The bytes received have another SHA-256 than was said")
            try:
                self._file.flush()
                os.fsync(self._file.fileno())
                self._close()
                self._part.replace(self._store.path_of(self.sha256))
            except OSError as error:
                raise _write_error(error) from error

    def abandon(self) -> None:
        """Idempotent; keeps the part for resuming. Returns when no write is under way."""
        self._abandoned = True
        with self._lock:
            self._close()

    def _drop(self) -> None:
        self._close()
        self._part.unlink(missing_ok=True)

    def _close(self) -> None:
        try:
            self._file.close()  # flushes, and a full disk shows itself once more
        except OSError:
            pass
        self._store.forget_writer(self)


def _write_error(error: OSError) -> BlobError:
    full = error.errno in (errno.ENOSPC, errno.EDQUOT) if hasattr(errno, "EDQUOT") else error.errno == errno.ENOSPC
    return BlobError("DISK_FULL" if full else "WRITE_FAILED", f"Cannot write to the blob cache: {error.strerror}")


class BlobStore:
    """`limit` is in bytes and counts whole blobs and parts. What is pinned or being written is never evicted."""

    def __init__(self, root: Path, node_id: str, limit: int) -> None:
        self.limit = limit
        self._blobs = root / "blobs"
        self._parts = root / "parts" / node_id
        self._pins: Counter[str] = Counter()
        self._writers: dict[str, BlobWriter] = {}
        for folder in (root, self._blobs, root / "parts", self._parts):
            _make_private(folder, is_shared=folder == root)

    def path_of(self, sha256: str) -> Path:
        return self._blobs / sha256

    def state(self, sha256: str, size: int) -> tuple[int, bool]:
        """Bytes already here, and whether the blob is whole and verified."""
        if self.path_of(sha256).is_file():
            self.touch(sha256)
            return self.path_of(sha256).stat().st_size, True
        writer = self._writers.get(sha256)
        if writer is not None:
            writer.abandon()  # its link is dead, or the same coordinator starts afresh
        try:
            have = (self._parts / sha256).stat().st_size
        except FileNotFoundError:
            return 0, False
        if have > size:
            (self._parts / sha256).unlink()
            return 0, False
        return have, False

    def begin(self, sha256: str, size: int, offset: int) -> BlobWriter:
        """Goes on with a part. Raises BlobError; ValueError when `offset` is not where the part ends."""
        if size > min(self.limit, MAX_BLOB):
            raise BlobError("TOO_LARGE", f"The blob has {size} bytes and the cache may hold {self.limit}")
        have, complete = self.state(sha256, size)
        if complete or have != offset:
            raise ValueError(f"the node has {have} bytes of it")
        self._make_room(size - have, keep=sha256)
        try:
            writer = BlobWriter(self, sha256, size, self._parts / sha256)
        except OSError as error:
            raise _write_error(error) from error
        self._writers[sha256] = writer
        return writer

    def forget_writer(self, writer: BlobWriter) -> None:
        if self._writers.get(writer.sha256) is writer:
            del self._writers[writer.sha256]

    def touch(self, sha256: str) -> None:
        """Marks a blob as used now: eviction goes by the time of the last use."""
        try:
            os.utime(self.path_of(sha256))
        except OSError:
            pass

    def pin(self, sha256: str) -> Optional[Path]:
        """Keeps a blob from eviction until `unpin`; None when it is not here."""
        path = self.path_of(sha256)
        if not path.is_file():
            return None
        self._pins[sha256] += 1
        self.touch(sha256)
        return path

    def unpin(self, sha256: str) -> None:
        self._pins[sha256] -= 1
        if self._pins[sha256] <= 0:
            del self._pins[sha256]

    def free_bytes(self) -> int:
        """How much could be received now, with eviction, within the limit and the disk."""
        evictable = sum(entry.stat().st_size for entry in self._evictable(keep=""))
        return max(0, min(self.limit - self._used() + evictable, self._disk_free() + evictable))

    def close(self, remove_parts: bool) -> None:
        """Ends all writing; `remove_parts` for a node whose id was for one run only."""
        for writer in list(self._writers.values()):
            writer.abandon()
        if remove_parts:
            shutil.rmtree(self._parts, ignore_errors=True)

    def _disk_free(self) -> int:
        return max(0, shutil.disk_usage(self._blobs).free - RESERVE_BYTES)

    def _used(self) -> int:
        return sum(_size(entry) for folder in (self._blobs, self._parts.parent) for entry in folder.rglob("*"))

    def _evictable(self, keep: str) -> list[Path]:
        """Oldest use first; parts of transfers that were never finished count like blobs."""
        entries = [entry for folder in (self._blobs, self._parts) for entry in folder.iterdir() if entry.is_file()]
        busy = self._pins.keys() | self._writers.keys() | {keep}
        return sorted((e for e in entries if e.name not in busy), key=lambda e: e.stat().st_mtime_ns)

    def _make_room(self, needed: int, keep: str) -> None:
        for oldest in self._evictable(keep):
            if self._used() + needed <= self.limit and self._disk_free() >= needed:
                return
            oldest.unlink(missing_ok=True)
        if self._disk_free() < needed:
            raise BlobError("DISK_FULL", f"{needed} bytes are needed and {self._disk_free()} are free")
        if self._used() + needed > self.limit:
            raise BlobError("TOO_LARGE", f"{needed} bytes are needed and the cache is full of blobs in use")


def _make_private(folder: Path, is_shared: bool) -> None:
    """Scenes are nobody else's business. A cache folder that was there, and may hold other things, is left as it is."""
    is_new = not folder.exists()
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if is_new or is_shared:
        return
    try:
        folder.chmod(0o700)  # made by an earlier release
    except OSError:
        pass  # it belongs to another user, who decides


def _size(entry: Path) -> int:
    try:
        return entry.stat().st_size if entry.is_file() else 0
    except OSError:
        return 0  # evicted meanwhile by another node of this machine
