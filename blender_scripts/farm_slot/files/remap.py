"""Replaces paths of a blendfile that lead nowhere on this machine, in memory: no file is changed."""

from __future__ import annotations

import os
import re
from typing import Any, Dict, Iterator, List, Optional

import bpy

from .stored_paths import STRIP_ELEMENTS, StoredPath
from .visibility import strips_of

_OWN_FILES = re.compile(r".*[/\\]datafiles[/\\](studiolights[/\\].+)", re.DOTALL)
"""A file that each Blender has, in the folder of another installation."""


def reload_libraries(moved: Dict[str, str]) -> None:
    """`moved`: absolute paths by the paths in the file. A library that is found by its new path may name more of them."""
    known = -1
    while moved and known != len(bpy.data.libraries):
        known = len(bpy.data.libraries)
        for library in list(bpy.data.libraries):
            target = moved.get(library.filepath)
            if target is not None:
                library.filepath = target
                library.reload()


def apply(moved: Dict[str, str], all_paths: List[StoredPath]) -> Dict[str, str]:
    """`moved`: absolute paths by the paths in the file. Returns them, with those of Blender's own files."""
    replaced = dict(moved)
    for stored in all_paths:
        target = moved.get(stored.value) or _own_file(stored.value)
        if target is not None and not _is_element(stored.holder):
            replaced[stored.value] = target
            setattr(stored.holder, stored.name, target)
    for scene in bpy.data.scenes if moved else ():
        for strip in _image_strips(scene.sequence_editor):
            _move_strip(strip, moved)
    return replaced


def _own_file(path: str) -> Optional[str]:
    found = _OWN_FILES.match(path)
    if found is None or os.path.exists(path):
        return None
    own = os.path.join(bpy.utils.system_resource("DATAFILES"), *re.split(r"[/\\]", found.group(1)))
    return own if os.path.isfile(own) else None


def _is_element(holder: Any) -> bool:
    return holder.bl_rna.identifier in STRIP_ELEMENTS


def _image_strips(holder: Any) -> Iterator[Any]:
    for strip in strips_of(holder) if holder is not None else ():
        if strip.type == "META":
            yield from _image_strips(strip)
        elif strip.type == "IMAGE":
            yield strip


def _move_strip(strip: Any, moved: Dict[str, str]) -> None:
    """All pictures of a strip are in one folder, so they are replaced together."""
    folder = strip.directory
    if folder and folder[-1] not in "/\\":
        folder += "/"
    targets = [moved.get(folder + element.filename) for element in strip.elements]
    found = [target for target in targets if target is not None]
    if not found:
        return
    strip.directory = os.path.dirname(found[0]) + os.sep
    for element, target in zip(strip.elements, targets):
        if target is not None:
            element.filename = os.path.basename(target)
