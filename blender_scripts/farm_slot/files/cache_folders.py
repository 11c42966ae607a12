"""Lists the folders of simulation caches and bakes that decide pixels.

Computed in the order in which the farm renders, a simulation hardly looks as the artist saw it: the caches have to be there.
"""

from __future__ import annotations

import os
from typing import Any, Iterator, Tuple

import bpy

from ..simulations import fluids
from ..simulations.caches import NEVER_ON_DISK, point_caches
from .frame_numbers import FrameNumbers
from .outside_files import FOLDER, Names, OutsideFile
from .path_rules import as_opened


def cache_folders(original: Names, frame_numbers: FrameNumbers) -> Iterator[OutsideFile]:
    """To be called before `caches.confine`, which changes some of them."""
    numbers = frame_numbers.of_cache()
    for owner, kind, name, path, has_numbers, is_computed in _all_folders():
        label = "%s '%s'" % (owner.bl_rna.name, owner.name)
        where = os.path.normpath(as_opened(path)) if name else ""  # a simulation that was never baked
        told = original.get(name, name)
        yield OutsideFile(kind, label, told, where, FOLDER, True, None, numbers if has_numbers else None, is_computed)


def _all_folders() -> Iterator[Tuple[Any, str, str, str, bool, bool]]:
    """The owner, the kind, the path in the file, the absolute path, whether a frame needs just the files of its number, and
    whether Blender computes what is not there.

    Files of baked geometry nodes refer to those of earlier frames.
    """
    for owner, kind, cache in point_caches():
        for name, path in _folders_of_points(owner, kind, cache):
            yield owner, "simulation", name, path, True, False
    for thing in bpy.data.objects:
        for modifier in thing.modifiers:
            domain = fluids.domain_of(modifier)
            has_numbers = domain is not None and getattr(domain, "cache_frame_offset", 0) == 0
            is_computed = domain is not None and domain.cache_type == "REPLAY"
            for kind, name in _folders_of_modifier(modifier):
                yield thing, kind, name, bpy.path.abspath(name, library=thing.library), has_numbers, is_computed


def _folders_of_points(owner: Any, kind: str, cache: Any) -> Iterator[Tuple[str, str]]:
    """Folders that the blendfile names, or beside it under its own name."""
    if kind in NEVER_ON_DISK:
        return
    for each in cache.point_caches:
        if each.use_external:
            # What the blendfile itself keeps was unpacked into Blender's temporary folder.
            if each.is_baked and each.filepath and not each.filepath.startswith(bpy.app.tempdir):
                yield each.filepath, bpy.path.abspath(each.filepath, library=owner.library)
        elif each.is_baked and (each.use_disk_cache or kind == "DYNAMIC_PAINT"):
            path = _folder_beside(owner.library if each.use_library_path else None)
            yield "//" + os.path.basename(path), path


def _folders_of_modifier(modifier: Any) -> Iterator[Tuple[str, str]]:
    """The kind and the path of each."""
    domain = fluids.domain_of(modifier)
    if modifier.type == "OCEAN":
        if modifier.is_cached and modifier.filepath:
            yield "ocean", modifier.filepath
    elif domain is not None:
        if _is_simulated_before(domain):
            folder = domain.cache_directory
            # A domain without a folder gets one in Blender's temporary folder, which is not the file's.
            yield "simulation", "" if folder.startswith(bpy.app.tempdir) else folder
    else:
        for folder in _folders_of_nodes(modifier):
            yield "simulation", folder


def _folders_of_nodes(modifier: Any) -> Iterator[str]:
    """Folders of baked geometry nodes. They get names when they are baked for the first time."""
    named = {getattr(modifier, "simulation_bake_directory", "")}  # up to 4.0
    for bake in getattr(modifier, "bakes", ()):
        target = getattr(bake, "bake_target", "INHERIT")
        if target == "INHERIT":
            target = getattr(modifier, "bake_target", "DISK")  # the only one up to 4.2
        if target == "DISK":
            named.add(bake.directory if bake.use_custom_path else modifier.bake_directory)
    return iter(sorted(named - {""}))


def _is_simulated_before(domain: Any) -> bool:
    """Whether the picture needs a simulation from the disk. One that was to be baked and was not has nothing there."""
    parts = ("data", "noise", "mesh", "particles", "guide")
    return domain.cache_type == "REPLAY" or any(getattr(domain, "has_cache_baked_" + part, False) for part in parts)


def _folder_beside(library: Any) -> str:
    """Where Blender keeps point caches without a named folder, of a library or of the blendfile itself (None)."""
    path = bpy.path.abspath(library.filepath, library=library.library) if library is not None else bpy.data.filepath
    return os.path.join(os.path.dirname(path), "blendcache_" + os.path.splitext(os.path.basename(path))[0])
