"""The caches of fluids. Their folders are chosen by the blendfile."""

from __future__ import annotations

import os
import re
from typing import Any, Iterator

import bpy

_NUMBER = re.compile(r"_(\d+)\.\w+$")
"""Of a file in a fluid's "data" folder: `fluid_data_0012.vdb`, or `density_0012.uni` in 2.83."""


def domains() -> Iterator[Any]:
    """The settings of all domains."""
    for thing in bpy.data.objects:
        for modifier in thing.modifiers:
            domain = domain_of(modifier)
            if domain is not None:
                yield domain


def domain_of(modifier: Any) -> Any:
    """The settings of a domain, or None if the modifier is something else."""
    return getattr(modifier, "domain_settings", None) if modifier.type == "FLUID" else None


def is_simulated(domain: Any) -> bool:
    """Whether Blender computes the fluid while the scene is played: others only show what their folder has."""
    return domain.cache_type == "REPLAY" and not has_all_frames(domain)


def has_all_frames(domain: Any) -> bool:
    """Whether its folder has what it shows in all frames of the scenes. A scene that was played for a while leaves some."""
    path = folder_of(domain)
    data = os.path.join(path, "data")
    if not path or not os.path.isdir(data):
        return False
    offset = getattr(domain, "cache_frame_offset", 0)
    numbers = {int(match.group(1)) - offset for match in map(_NUMBER.search, os.listdir(data)) if match}
    return all(
        number in numbers
        for scene in bpy.data.scenes
        for number in range(max(scene.frame_start, domain.cache_frame_start), min(scene.frame_end, domain.cache_frame_end) + 1)
    )


def folder_of(domain: Any) -> str:
    """The absolute path of its cache; empty if it has none."""
    return bpy.path.abspath(domain.cache_directory, library=domain.id_data.library) if domain.cache_directory else ""


def confine(domain: Any, folder: str) -> None:
    """An existing simulation is only read; one that Blender computes during the render is written to `folder`."""
    stored, path = domain.cache_directory, folder_of(domain)
    for part in ("data", "noise", "mesh", "particles", "guide"):
        setattr(domain, "is_cache_baking_" + part, False)
    if not stored or "'" in path:  # 2.83 puts the path unescaped into a line of Python
        domain.cache_directory = folder
    elif domain.cache_type == "REPLAY":
        is_complete = has_all_frames(domain)
        domain.cache_directory = folder
        if is_complete:
            domain.cache_type = "MODULAR"  # this mode only reads; the change empties the folder
            domain.cache_directory = stored
