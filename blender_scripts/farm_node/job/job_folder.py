"""A job's files on the node's disk: its blendfile, from the cache, its frames, and its slots' folders."""

from __future__ import annotations

import asyncio
import os
import shutil
from pathlib import Path
from typing import Any, Callable, Optional

from farm_slot.held_files import remove_tree, while_held

from ..cache.blob_store import BlobStore
from ..cache.cache_files import remove, size_of
from ..cache.file_proof import CHUNK, Signature, Unwanted, prove, signature_of
from ..console import warn
from ..errors import Fault, FaultError, is_disk_full
from ..files.safe_files import NotOursError, make_folder, open_new, open_own
from ..slots.blender_program import BlenderProgram
from .blend_header import saved_by
from .project import PLAIN_BLEND, ProjectFile
from .project_folder import MISSING, ProjectFolder, place


class JobFolder:
    """Calls of `take_blend` must not overlap with each other or with `remove`.

    The blendfile's digest is checked before a Blender opens it for the first time, and again before each later Blender:
    it is the same file as the blob in the cache, so a program that writes to one changes both.
    """

    def __init__(self, path: Path, store: BlobStore) -> None:
        self.path = path
        self.frames = path / "frames"
        self.project = ProjectFolder(path, store, lambda: self._is_wanted)
        self._blend = self.project.path / PLAIN_BLEND
        self._store = store
        self._pinned: Optional[str] = None
        self._proof: Optional[Signature] = None
        """Signature of the blendfile when its content was last verified."""
        self._missing: Optional[Fault] = None
        """Why there is no blendfile, if it was damaged and has not been sent again."""
        self._damages = 0
        self._checking = asyncio.Lock()
        self._changing = asyncio.Lock()
        """Held while the project's files change."""
        self._is_wanted = True

    async def take_blend(self, wanted: dict[str, Any], program: BlenderProgram) -> dict[str, Any]:
        """Lays out the job's files. The blendfile, at `path` in the project, stays in the cache until `drop_blend`.

        `wanted` is the request, with the digest of the list of the other files. Returns what a slot must know about them.
        Raises FaultError, also if this Blender cannot open the file.
        """
        sha256, colors = wanted["blend"], wanted["colors"]
        self._blend = self.project.path / wanted["path"]
        async with self._changing:
            fault = await self._ask(lambda: self.project.lay_out(wanted["files"], self._blend))
        if fault is None and colors is not None and self.project.path / colors not in self.project.files.values():
            fault = Fault("LOAD_FAILED", "The color configuration is not among the job's files")
        if fault is not None:
            raise FaultError(fault)
        if await asyncio.to_thread(self._store.pin, sha256) is None:
            raise FaultError(Fault(MISSING, "The blendfile is not in the node's cache"))
        self._pinned = sha256
        fault = await self._ask(lambda: self._lay_out(sha256))
        if fault is not None:
            raise FaultError(fault)
        try:
            version = await asyncio.to_thread(saved_by, self._blend)
        except OSError as error:
            raise FaultError(Fault("LOAD_FAILED", f"Cannot read the blendfile: {error}")) from error
        if version is not None and version > program.version_numbers:
            newer = f"{version[0]}.{version[1]}"
            message = f"The file was saved by Blender {newer} and this node has {program.version}"
            raise FaultError(Fault("FILE_TOO_NEW", message, f"Use nodes with Blender {newer} or newer"))
        where = {"blend": str(self._blend), "project": str(self.project.path), "moved": self.project.moved}
        return {**where, "colors": None if colors is None else str(self.project.path / colors)}

    async def add_files(self, files: list[ProjectFile]) -> Optional[Fault]:
        """Puts files in place that were announced as coming later."""
        async with self._changing:
            if self._pinned is None:
                return Fault("LOAD_FAILED", "The job's blendfile is not open")
            return await self._ask(lambda: self.project.add(files))

    async def lack_of_blend(self, is_doubted: bool) -> Optional[Fault]:
        """BLOB_MISSING if the blendfile has been changed or damaged; None if it is right, or was repaired.

        It is read if something may have written to it since the last check, or if it `is_doubted`. The fault stays the
        same until the blob is sent again. If that blob is damaged too, the fault is another one.
        """
        sha256 = self._pinned
        if sha256 is None:
            return None  # the job is being closed
        async with self._checking:
            if is_doubted:
                self._proof = None
            return await self._ask(lambda: self._repair(sha256))

    async def drop_blend(self) -> None:
        """Lets the cache evict the blob. Idempotent."""
        pinned, self._pinned = self._pinned, None
        if pinned is not None:
            await asyncio.to_thread(self._store.unpin, pinned)

    def abandon(self) -> None:
        """Stops reading the blendfile: nobody waits for it any more."""
        self._is_wanted = False

    async def remove(self) -> None:
        await self.drop_blend()
        async with self._changing:
            await asyncio.to_thread(remove_tree, self.path)

    def _lay_out(self, sha256: str) -> Optional[Fault]:
        """Puts the blob in place and verifies it. Raises OSError, Unwanted."""
        make_folder(self.frames)
        while_held(lambda: self._blend.unlink(missing_ok=True))
        if not place(self._store.path_of(sha256), self._blend):
            return self._missing or Fault(MISSING, "The blendfile is no longer in the node's cache")
        self._proof = prove(self._blend, sha256, self._is_still_wanted)
        self._missing = None if self._proof is not None else self._discard(sha256)
        return self._missing

    def _repair(self, sha256: str) -> Optional[Fault]:
        """Raises OSError, Unwanted."""
        if self._missing is None:
            if self._proof is not None and self._proof == signature_of(self._blend):
                return None
            try:
                self._proof = prove(self._blend, sha256, self._is_still_wanted)
            except (FileNotFoundError, PermissionError, NotOursError):
                self._proof = None  # a link or an unreadable file does not count either
            if self._proof is not None:
                return None
            self._missing = self._discard(sha256)
        return self._lay_out(sha256)

    def _discard(self, sha256: str) -> Fault:
        """Removes a wrong blendfile, and the blob if that is wrong too."""
        warn("the blendfile of the job was changed or damaged on the disk: no Blender opens it")
        remove(self._blend)
        self._store.verify(sha256, self._is_still_wanted)
        self._damages += 1
        often = f" {self._damages} times in this job" if self._damages > 1 else ""
        return Fault(MISSING, f"The blendfile was damaged on the node's disk{often}")

    def _is_still_wanted(self) -> bool:
        return self._is_wanted

    async def _ask(self, work: Callable[[], Optional[Fault]]) -> Optional[Fault]:
        try:
            return await asyncio.to_thread(work)
        except Unwanted:
            return Fault("CANCELLED", "The job is being closed")
        except OSError as error:
            if is_disk_full(error):
                return Fault("DISK_FULL", f"Cannot put the job's files in place: {error.strerror}")
            return Fault("LOAD_FAILED", f"Cannot put the job's files in place: {error}")
