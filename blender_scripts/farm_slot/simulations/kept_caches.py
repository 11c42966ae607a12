"""Keeps in a blendfile what Blender keeps in folders only: the caches of Dynamic Paint, and of linked and overridden objects.

They are an archive in a property of a scene, so a baked copy is one file, which travels like any other.
"""

from __future__ import annotations

import os
from typing import Any, Dict, Iterator, List, Set, Tuple

import bpy

from .cache_archive import Key, unpack
from .caches import place, point_caches
from .unbaked import HAIR, of_points

_PROPERTY = "renderfarm_caches"


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


def caches_of(found: Dict[Key, str]) -> List[Any]:
    """The caches in the opened file with these names."""
    return [cache for key, cache in _named() if key in found]


def keep(scene: Any, archive: bytes) -> None:
    """Puts the archive into the opened file, which is to be saved."""
    scene[_PROPERTY] = archive


def restore(folder: str) -> None:
    """Has the caches that the opened file keeps read from below `folder`. To be called before anything is evaluated. Raises
    SlotFault if they are damaged or too much.
    """
    archives = []
    for scene in bpy.data.scenes:
        archive = scene.get(_PROPERTY)
        if isinstance(archive, bytes):
            del scene[_PROPERTY]  # from memory
            archives.append(archive)
    places = unpack(archives, folder) if archives else {}
    for key, cache in _named() if places else ():
        if key in places:
            _place(cache, places[key])


def _place(cache: Any, folder: str) -> None:
    os.makedirs(folder, exist_ok=True)
    place(cache, folder)


def _named() -> Iterator[Tuple[Key, Any]]:
    numbers = {}  # type: Dict[Any, int]
    for owner, kind, cache in point_caches():
        number = numbers[owner] = numbers.get(owner, -1) + 1
        library = owner.library.filepath if owner.library is not None else ""
        yield (kind, owner.name, library, str(number)), cache
