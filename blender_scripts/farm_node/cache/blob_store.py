"""Files named by their SHA-256, kept between jobs, so that a node need not receive the same file twice.

`<root>/blobs/<sha256>` are complete and were verified on arrival; `<root>/parts/<node id>/<sha256>` are being received.
Parts are separate per node, because two nodes of one machine share the cache, and two writers would spoil a part.
Other files in these folders are neither counted nor removed.
This module does not use asyncio; methods that use the disk for long are called in threads.
"""

from __future__ import annotations

import hashlib
import os
import threading
from collections import Counter
from pathlib import Path
from typing import Callable, Optional

from farm_slot.held_files import while_held

from ..console import warn
from ..errors import BlobError
from ..files.safe_files import make_folder, write_new
from ..limits import PART_KEPT_S
from ..wire.protocol import MAX_BLOB
from .blob_writer import BLOB_MODE, BlobWriter, write_error
from .cache_files import folders_in, remove, remove_files, remove_unused, size_of
from .cache_room import CacheRoom
from .file_proof import prove, signature_of


class BlobStore:
    """`limit` is in bytes. It counts complete blobs, parts, and the missing bytes of blobs that are being received.

    Blobs that are pinned or being written are never evicted. All methods may be called from any thread.
    """

    def __init__(self, root: Path, node_id: str, limit: int) -> None:
        """`root` is used by nodes only. Raises OSError."""
        self.limit = limit
        self._blobs = root / "blobs"
        self._parts = root / "parts" / node_id
        self._folders = str(self._parts), str(self._blobs)
        self._lock = threading.Lock()
        """Never held while waiting for a writer: writers take it when they end."""
        self._pins: Counter[str] = Counter()
        self._writers: dict[str, BlobWriter] = {}
        self._proofs: dict[str, tuple[int, int]] = {}
        """Inode and size of the blobs whose contents were verified since this node was started."""
        self._room = CacheRoom(self._blobs, self._parts, limit, self._pins, self._writers)
        for folder in (root, self._blobs, root / "parts", self._parts):
            make_folder(folder)
        self.tidy()

    def path_of(self, sha256: str) -> Path:
        return self._blobs / sha256

    def state(self, sha256: str, size: int) -> tuple[int, bool]:
        """The number of bytes that are here, and whether the blob is complete.

        A blob of the wrong size is dropped as damaged.
        """
        writer = self._writers.get(sha256)
        if writer is not None:
            writer.abandon()  # its link is dead, or the same coordinator starts over
        with self._lock:
            return self._have(sha256, size)

    def begin(self, sha256: str, size: int, offset: int) -> BlobWriter:
        """Starts or continues a part. Raises BlobError; ValueError if `offset` is not the end of the part."""
        if size > min(self.limit, MAX_BLOB):
            raise BlobError("TOO_LARGE", f"The file has {size} bytes and the cache may hold {self.limit}")
        self.state(sha256, size)
        with self._lock:
            if sha256 in self._writers:
                raise BlobError("WRITE_FAILED", "The file is being received over another connection")
            have, complete = self._have(sha256, size)
            if complete or have != offset:
                raise ValueError(f"the node has {have} bytes of it")
            self._room.trim_parts(coming=sha256)
            self._room.make(size - have, keep=sha256)
            try:
                make_folder(self._parts)  # another node may have removed it as a dead node's
                writer = BlobWriter(sha256, size, self._parts / sha256, self.path_of(sha256), self._forget)
            except OSError as error:
                raise write_error(error) from error
            self._writers[sha256] = writer
            return writer

    def put(self, sha256: str, data: bytes) -> None:
        """Stores a small blob at once. Raises BlobError.

        It is not synced: after a power failure it is read before it is used, as every blob is after a start of the node.
        """
        if hashlib.sha256(data).hexdigest() != sha256:
            raise BlobError("DIGEST_MISMATCH", "The file was damaged on the way: its checksum is wrong")
        # Not as pathlib's paths: those take as much time as the rest.
        part, whole = (os.path.join(folder, sha256) for folder in self._folders)
        with self._lock:
            if sha256 in self._writers:
                raise BlobError("WRITE_FAILED", "The file is being received over another connection")
            if size_of(whole) == len(data):
                return
            self._room.make_small(len(data), keep=sha256)
            try:
                written = write_new(part, data, BLOB_MODE)
                while_held(lambda: os.replace(part, whole))
            except OSError as error:
                remove(Path(part))
                raise write_error(error) from error
            self._proofs[sha256] = written.st_ino, written.st_size

    def touch(self, sha256: str) -> None:
        """Marks a blob as used now: the least recently used ones are evicted first."""
        try:
            os.utime(self.path_of(sha256))
        except OSError:
            pass

    def pin(self, sha256: str) -> Optional[Path]:
        """Protects a blob from eviction until `unpin`; None if it is not here."""
        path = self.path_of(sha256)
        with self._lock:
            if size_of(path) is None:
                return None
            self._pins[sha256] += 1
        self.touch(sha256)
        return path

    def unpin(self, sha256: str) -> None:
        with self._lock:
            self._pins[sha256] -= 1
            if self._pins[sha256] <= 0:
                del self._pins[sha256]

    def verify(self, sha256: str, is_wanted: Callable[[], bool]) -> bool:
        """Reads the whole blob. Returns whether it is here and matches its name; a damaged one is dropped.

        Raises OSError; Unwanted if `is_wanted` returns False.
        """
        path = self.path_of(sha256)
        before = signature_of(path)
        try:
            if prove(path, sha256, is_wanted) is not None:
                return True
        except FileNotFoundError:
            return False
        with self._lock:
            found = signature_of(path)
            # With another inode it is a new blob, which has arrived meanwhile.
            if before is not None and found is not None and found.inode == before.inode:
                self._drop(sha256, "its content does not match its name")
        return False

    def note_proved(self, sha256: str) -> None:
        """The blob has just been verified: it has arrived, or was read."""
        found = signature_of(self.path_of(sha256))
        if found is not None:
            self._proofs[sha256] = found.inode, found.size

    def is_proved(self, sha256: str, is_wanted: Callable[[], bool]) -> bool:
        """Whether the blob is here and undamaged. It is read once after each start of the node. Raises as `verify`."""
        found = signature_of(self.path_of(sha256))
        if found is not None and self._proofs.get(sha256) == (found.inode, found.size):
            return True
        if not self.verify(sha256, is_wanted):
            return False
        self.note_proved(sha256)
        return True

    def free_bytes(self) -> int:
        """How much could be received now, after eviction, within the limit and the disk's free space."""
        return self._room.free_bytes()

    def tidy(self) -> None:
        """Removes parts that were not resumed in time, including those of nodes that no longer exist. Never raises."""
        with self._lock:
            self._room.trim_parts()
            for folder in folders_in(self._parts.parent):
                if folder != self._parts:
                    remove_unused(folder, PART_KEPT_S)

    def close(self, remove_parts: bool) -> None:
        """Abandons all transfers. `remove_parts` is for a node whose id is for one run only."""
        for writer in list(self._writers.values()):
            writer.abandon()
        if remove_parts:
            remove_files(self._parts)

    def _forget(self, writer: BlobWriter) -> None:
        with self._lock:
            if self._writers.get(writer.sha256) is writer:
                del self._writers[writer.sha256]

    def _have(self, sha256: str, size: int) -> tuple[int, bool]:
        whole, part = self.path_of(sha256), self._parts / sha256
        whole_size = size_of(whole)
        if whole_size == size:
            self.touch(sha256)
            return size, True
        if whole_size is not None:
            self._drop(sha256, f"it has {whole_size} bytes instead of {size}")
        have = size_of(part)
        if have is None:
            return 0, False
        if have > size and sha256 not in self._writers:
            remove(part)
            return 0, False
        return have, False

    def _drop(self, sha256: str, why: str) -> None:
        warn(f"the file {sha256[:8]} in the cache is damaged ({why}): it is dropped, and must be sent again")
        remove(self.path_of(sha256))
