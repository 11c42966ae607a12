"""What one job has on the node's disk: its blendfile, from the cache, its frames, and its slots' folders."""

from __future__ import annotations

import asyncio
import os
import shutil
from pathlib import Path
from typing import Optional

from .blend_header import saved_by
from .blender_program import BlenderProgram
from .blob_store import BlobStore
from .errors import Fault, FaultError


class JobFolder:
    """Whoever calls `take_blend` has waited for the last one to return, and so has whoever calls `remove`."""

    def __init__(self, path: Path, store: BlobStore) -> None:
        self.path = path
        self.frames = path / "frames"
        self._store = store
        self._pinned: Optional[str] = None

    async def take_blend(self, sha256: str, program: BlenderProgram) -> Path:
        """Puts the blob in place as the job's blendfile; it stays in the cache until `drop_blend`.

        Raises FaultError, also when it cannot be given to this Blender.
        """
        blob = await asyncio.to_thread(self._store.pin, sha256)
        if blob is None:
            raise FaultError(Fault("LOAD_FAILED", "The blendfile is not on this node", "Send it again"))
        self._pinned = sha256
        blend = self.path / "job.blend"
        try:
            await asyncio.to_thread(_place, blob, blend, self.frames)
        except OSError as error:
            raise FaultError(Fault("LOAD_FAILED", f"Cannot put the blendfile in place: {error}")) from error
        try:
            version = await asyncio.to_thread(saved_by, blend)
        except OSError as error:
            raise FaultError(Fault("LOAD_FAILED", f"Cannot read the blendfile: {error}")) from error
        if version is not None and version > program.version_numbers:
            newer = f"{version[0]}.{version[1]}"
            message = f"The file was saved by Blender {newer} and this node has {program.version}"
            raise FaultError(Fault("FILE_TOO_NEW", message, f"Use nodes with Blender {newer} or newer"))
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
