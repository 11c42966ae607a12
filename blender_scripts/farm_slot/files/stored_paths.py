"""Finds all paths in a blendfile, in any data, by Blender's description of its own properties.

Only paths are read: even reading an image's size would open its file.
"""

from __future__ import annotations

from typing import Any, Iterator, NamedTuple, Set, Tuple

import bpy

from ..node_trees import node_trees
from .path_rules import FILE, FILM, FOLDER, PLACE, Kind
from .path_types import PathTypes

_NOT_FROM_THE_FILE = frozenset(("window_managers", "screens", "workspaces"))

_FILMS = frozenset(("MovieClip", "MovieSequence", "MovieStrip", "SequenceProxy", "Sound", "StripProxy"))
_STRIPS = frozenset(("ImageSequence", "ImageStrip"))
STRIP_ELEMENTS = frozenset(("SequenceElement", "StripElement"))
STRIP_PARTS = frozenset(("MovieSequence", "MovieStrip")) | STRIP_ELEMENTS
"""Their paths are relative to the blendfile, even if the scene is of a library."""

_PROXIES = frozenset(("MovieClipProxy", "SequenceEditor", "SequenceProxy", "StripProxy"))
"""Their folders contain smaller copies of movies, which renders do not use."""


class StoredPath(NamedTuple):
    owner: Any
    """The data-block."""
    holder: Any
    """The owner of the property: the data-block or a part of it."""
    name: str
    """The name of the property."""
    value: str
    """The whole path; the property may be a part of it."""
    kind: Kind


def stored_paths() -> Iterator[StoredPath]:
    """Includes paths of data that the rendered scene does not use."""
    types = PathTypes()
    for owner in _data_blocks():
        for part in _parts_of(owner, types):
            for holder, name, value, kind in _paths_of(part, types):
                if value and value != "<builtin>":  # Blender's own font
                    yield StoredPath(owner, holder, name, value, kind)


def _data_blocks() -> Iterator[Any]:
    # Since 4.3 there is also a collection of all.
    known = {owner.as_pointer() for name in _NOT_FROM_THE_FILE for owner in getattr(bpy.data, name)}  # type: Set[int]
    for listed in bpy.types.BlendData.bl_rna.properties:
        if listed.type == "COLLECTION" and listed.identifier not in _NOT_FROM_THE_FILE:
            for owner in getattr(bpy.data, listed.identifier):
                if owner.as_pointer() not in known:
                    known.add(owner.as_pointer())
                    yield owner
    for tree in node_trees():
        if tree.as_pointer() not in known:
            yield tree


def _parts_of(owner: Any, types: PathTypes) -> Iterator[Any]:
    """The data-block and all parts of it that can have a path, each once."""
    known = set()  # type: Set[Tuple[int, str]]
    waiting = [owner]
    while waiting:
        part = waiting.pop()
        identity = part.as_pointer(), part.bl_rna.identifier
        if identity not in known:
            known.add(identity)
            yield part
            for name, is_collection in types.parts(part):
                found = getattr(part, name)
                if found is not None:
                    waiting.extend(found if is_collection else [found])


def _paths_of(part: Any, types: PathTypes) -> Iterator[Tuple[Any, str, str, Kind]]:
    kind = part.bl_rna.identifier
    if kind == "Image":  # `filepath` is the same path, and setting it loads the file
        yield part, "filepath_raw", part.filepath_raw, FILM if part.source == "MOVIE" else FILE
        return
    if kind == "PointCacheItem" and not part.use_external:
        return  # it is unused, and setting it makes Blender move files
    for name, is_folder in types.paths(part):
        folder = PLACE if kind in _PROXIES or kind in _STRIPS else FOLDER
        yield part, name, getattr(part, name), folder if is_folder else FILM if kind in _FILMS else FILE
    if kind in _STRIPS:  # afterwards: if the folder was cleared, this is the rest of the path
        folder = part.directory
        if folder and folder[-1] not in "/\\":
            folder += "/"  # as Blender does
        for element in part.elements:
            yield element, "filename", folder + element.filename, FILE


def name_of(stored: StoredPath) -> str:
    """The owner of the path, for the user."""
    named = [stored.owner] if stored.owner == stored.holder else [stored.holder, stored.owner]
    return " of ".join(_called(each) for each in named)


def _called(thing: Any) -> str:
    try:
        name = str(getattr(thing, "name", ""))
    except UnicodeDecodeError:
        name = "?"
    return "%s '%s'" % (thing.bl_rna.name, name) if name else str(thing.bl_rna.name)
