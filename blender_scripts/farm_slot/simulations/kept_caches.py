"""Keeps in a blendfile what Blender keeps in folders only: the caches of Dynamic Paint, and of linked and overridden objects.

They are an archive in a property of a scene, so a baked copy is one file, which travels like any other. The archive is not
compressed, so that a small file cannot fill a disk.
"""

from __future__ import annotations

import io
import json
import os
import zipfile
from typing import Any, Dict, Iterator, Set, Tuple

import bpy

from ..faults import SlotFault
from .caches import point_caches
from .unbaked import HAIR, of_points

_PROPERTY = "renderfarm_caches"
_CONTENTS = "caches.json"

MAX_BYTES = 1 << 30
"""Each slot has the archive in memory while it opens the file."""

Key = Tuple[str, ...]
"""Names a cache in a file and in its copy: its kind, its owner and the owner's library, and which of the owner's caches it is."""


def redirect(folder: str, used: Set[Any]) -> Dict[Key, str]:
    """Has the caches that need a folder written below this one while the scene is played. To be called before anything is
    evaluated. `used`: the data that decides pixels. Returns the subfolder of each.
    """
    found = {}  # type: Dict[Key, str]
    unbaked = {cache.as_pointer() for each, cache in of_points(used) if each.needs_folder and each.kind != HAIR}
    for key, cache in _named():
        if cache.as_pointer() in unbaked:
            found[key] = str(len(found))
            _place(cache, os.path.join(folder, found[key]))
            for each in cache.point_caches:
                each.use_disk_cache = True
    return found


def pack(folder: str, found: Dict[Key, str]) -> bytes:
    """The archive of what was written. Raises SlotFault if that is too much."""
    files = [os.path.join(place, name) for place, _, names in os.walk(folder) for name in names]
    size = sum(map(os.path.getsize, files))
    if size > MAX_BYTES:
        raise SlotFault("UNSUPPORTED", "its caches have %d MB, and a copy keeps %d MB" % (size >> 20, MAX_BYTES >> 20))
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr(_CONTENTS, json.dumps([[list(key), where] for key, where in found.items()]))
        for path in sorted(files):
            archive.write(path, os.path.relpath(path, folder).replace(os.sep, "/"))
    return packed.getvalue()


def keep(scene: Any, archive: bytes) -> None:
    """Puts the archive into the opened file, which is to be saved."""
    scene[_PROPERTY] = archive


def restore(folder: str) -> None:
    """Has the caches that the opened file keeps read from below `folder`. To be called before anything is evaluated. Raises
    SlotFault if they are damaged.
    """
    for scene in bpy.data.scenes:
        archive = scene.get(_PROPERTY)
        if isinstance(archive, bytes):
            del scene[_PROPERTY]  # from memory
            try:
                _unpack(archive, folder)
            except (KeyError, TypeError, ValueError, zipfile.BadZipFile) as error:
                raise SlotFault("FILE_UNREADABLE", "the caches in the file are damaged") from error


def _unpack(packed: bytes, folder: str) -> None:
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        if any(entry.compress_type != zipfile.ZIP_STORED for entry in archive.infolist()):
            raise ValueError("compressed")
        places = {tuple(key): str(int(where)) for key, where in json.loads(archive.read(_CONTENTS).decode("utf-8"))}
        archive.extractall(folder)  # leaves nothing elsewhere, whatever the names are
    for key, cache in _named():
        if key in places:
            _place(cache, os.path.join(folder, places[key]))


def _place(cache: Any, folder: str) -> None:
    """In this order, Blender neither moves, renames nor deletes existing files, and `foreach_set` changes no linked data."""
    os.makedirs(folder, exist_ok=True)
    for number, each in enumerate(cache.point_caches):
        each.filepath = folder
        each.use_external = True
        each.name = "points%d" % number


def _named() -> Iterator[Tuple[Key, Any]]:
    numbers = {}  # type: Dict[Any, int]
    for owner, kind, cache in point_caches():
        number = numbers[owner] = numbers.get(owner, -1) + 1
        library = owner.library.filepath if owner.library is not None else ""
        yield (kind, owner.name, library, str(number)), cache
