"""What one job has on the node's disk: its blendfile, from the cache, its frames, and its slots' folders."""

from __future__ import annotations

import asyncio
import os
import shutil
from pathlib import Path
from typing import Optional

from .blob_store import BlobStore
from .errors import Fault, FaultError


class JobFolder:
    """Whoever calls `take_blend` has waited for the last one to return, and so has whoever calls `remove`."""

    def __init__(self, path: Path, store: BlobStore) -> None:
        self.path = path
        self.frames = path / "frames"
        self._store = store
        self._pinned: Optional[str] = None

    async def take_blend(self, sha256: str) -> Path:
        """Puts the blob in place as the job's blendfile; it stays in the cache until `drop_blend`. Raises FaultError."""
        blob = await asyncio.to_thread(self._store.pin, sha256)
        if blob is None:
            raise FaultError(Fault("LOAD_FAILED", "The blendfile is not on this node", "Send it again"))
        self._pinned = sha256
        blend = self.path / "job.blend"
        try:
            await asyncio.to_thread(_place, blob, blend, self.frames)
        except OSError as error:
            raise FaultError(Fault("LOAD_FAILED", f"Cannot put the blendfile in place: {error}")) from error
        return blend

    async def drop_blend(self) -> None:
        """Idempotent: the cache may forget it."""
        pinned, self._pinned = self._pinned, None
        if pinned is not None:
            await asyncio.to_thread(self._store.unpin, pinned)

    async def remove(self) -> None:
        await self.drop_blend()
        await asyncio.to_thread(shutil.rmtree, self.path, True)


def _place(blob: Path, blend: Path, frames: Path) -> None:
    frames.mkdir(parents=True, exist_ok=True)
    blend.unlink(missing_ok=True)
    try:
        os.link(blob, blend)  # costs nothing, and another node's eviction does not take it away
    except OSError:
        shutil.copyfile(blob, blend)
