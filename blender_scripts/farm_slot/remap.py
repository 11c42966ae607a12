"""Leads paths of a blendfile that other machines cannot have into the project, in memory: no file is changed."""

from __future__ import annotations

from typing import Dict

import bpy

from .stored_paths import stored_paths


def apply(moved: Dict[str, str]) -> None:
    """`moved`: absolute paths by the paths in the file. Libraries that are found by it may hold more of them."""
    if not moved:
        return
    known = -1
    while known != len(bpy.data.libraries):
        known = len(bpy.data.libraries)
        for library in list(bpy.data.libraries):
            target = moved.get(_reported(library.filepath))
            if target is not None:
                library.filepath = target
                library.reload()
    for stored in list(stored_paths()):
        target = moved.get(_reported(stored.value))
        if target is not None and stored.owner.bl_rna.identifier != "Library":
            setattr(stored.holder, stored.name, target)


def _reported(path: str) -> str:
    """Blender reports paths of Windows with slashes, and stores them as they were typed."""
    return path if path in ("", "//") or path.startswith("//") else path.replace("\\", "/")
