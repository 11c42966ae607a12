"""The folder tree of a job's files besides the blendfile. They are hard links to blobs in the cache where that is possible."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Callable, Optional

from farm_slot.held_files import remove_tree, while_held

from ..cache.blob_store import BlobStore
from ..cache.cache_files import remove, size_of
from ..cache.file_proof import CHUNK, prove
from ..errors import Fault
from ..files.safe_files import make_folder, open_new, open_own
from .project import ProjectFile, read_manifest

MISSING = "BLOB_MISSING"
_RENAME = "Rename one of them: on this node, names that differ only in case or in their accents are the same"


class ProjectFolder:
    """Calls of its methods must not overlap; they are made in threads, and raise OSError, or Unwanted if it is not wanted."""

    def __init__(self, job_folder: Path, store: BlobStore, is_wanted: Callable[[], bool]) -> None:
        self.path = job_folder / "project"
        self.files: dict[str, Path] = {}
        """By their digests."""
        self.moved: dict[str, str] = {}
        """Absolute paths to use instead of paths in the blendfiles."""
        self._later: frozenset[str] = frozenset()
        self._store = store
        self._is_wanted = is_wanted

    def lay_out(self, manifest: Optional[str], blend: Path) -> Optional[Fault]:
        """Makes the folder anew, with all files of the list `manifest` that are there from the start, and room for `blend`."""
        remove_tree(self.path)
        make_folder(self.path.parent)
        make_folder(self.path)
        blend.parent.mkdir(parents=True, exist_ok=True)
        self.moved = {}
        self.files = {}
        self._later = frozenset()
        if manifest is None:
            return None
        listing = self._store.pin(manifest)
        if listing is None:
            return Fault(MISSING, "The list of the job's files is not in the node's cache")
        try:
            files, moved, later = read_manifest(listing)
        except ValueError as error:
            return Fault("LOAD_FAILED", f"Cannot read the list of the job's files: {error}")
        finally:
            self._store.unpin(manifest)
        self.moved = {path: str(self.path / target) for path, target in moved.items()}
        return next(filter(None, map(self._lay_out_file, files)), None) or self._announce(later)

    def _announce(self, later: list[str]) -> Optional[Fault]:
        """Empty files in place of those that come later: Blender reads the names in a cache's folder once."""
        self._later = frozenset(later)
        for path in later:
            target = self.path / path
            target.parent.mkdir(parents=True, exist_ok=True)
            try:
                os.close(open_new(target))
            except FileExistsError:
                return _same_names(path)
        return None

    def add(self, files: list[ProjectFile]) -> Optional[Fault]:
        """Puts files in place that were announced as coming later."""
        for file in files:
            target = self.path / file.path
            if file.path not in self._later:
                return Fault("LOAD_FAILED", f"'{file.path}' was not announced")
            if self.files.get(file.sha256) == target:
                continue  # it was added on an earlier link
            fresh = self.path.parent / "coming"
            remove(fresh)
            fault = self._take(file, fresh)
            if fault is not None:
                return fault
            while_held(lambda: os.replace(fresh, target))
            remove(fresh)  # it is still there if both were links to the same file
            self.files[file.sha256] = target
        return None

    def _lay_out_file(self, file: ProjectFile) -> Optional[Fault]:
        target = self.path / file.path
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.exists():
            is_same = prove(target, file.sha256, self._is_wanted) is not None
            return None if is_same else _same_names(file.path)
        fault = self._take(file, target)
        if fault is None:
            self.files[file.sha256] = target
        return fault

    def _take(self, file: ProjectFile, target: Path) -> Optional[Fault]:
        """Puts a blob at a path where nothing is."""
        blob = self._store.pin(file.sha256)
        if blob is None:
            return Fault(MISSING, f"'{file.path}' is not in the node's cache")
        try:
            if not self._store.is_proved(file.sha256, self._is_wanted):
                return Fault(MISSING, f"'{file.path}' was damaged in the node's cache")
            is_there = place(blob, target)
            return None if is_there else Fault(MISSING, f"'{file.path}' is no longer in the node's cache")
        finally:
            self._store.unpin(file.sha256)


def _same_names(path: str) -> Fault:
    return Fault("LOAD_FAILED", f"Two files of the job have the name '{path}' on this system", _RENAME)


def place(blob: Path, target: Path) -> bool:
    """Makes a hard link: it costs nothing, and another node's eviction does not remove the file.

    Returns whether the blob exists. Raises OSError.
    """
    if size_of(blob) is None:
        return False
    try:
        os.link(blob, target)
        return True
    except FileNotFoundError:
        return False
    except OSError:
        pass  # a file system without hard links
    with os.fdopen(open_own(blob), "rb") as source, os.fdopen(open_new(target), "wb") as copy:
        shutil.copyfileobj(source, copy, CHUNK)
    return True
