"""Lists the files outside the blendfile that its data names, and where Blender looks for them.

Only paths are read: reading an image's size, for example, would open its file.
"""

from __future__ import annotations

import os
from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Set

import bpy

from .frame_numbers import FrameNumbers, Numbers
from .path_rules import FILE, FILM, as_opened
from .stored_paths import STRIP_ELEMENTS, STRIP_PARTS, StoredPath, name_of
from .visibility import Visibility

Names = Dict[str, str]
"""The paths in the file, by the paths that replace them in memory."""

SEQUENCE, TILES, FOLDER = "sequence", "tiles", "folder"

_KINDS = {
    "CacheFile": "cache",
    "CacheFileLayer": "cache",
    "Image": "image",
    "MeshCacheModifier": "mesh-cache",
    "MovieClip": "movie",
    "MovieSequence": "movie",
    "MovieStrip": "movie",
    "MultiresModifier": "multires",
    "SequenceElement": "strip",
    "ShaderNodeScript": "shader",
    "ShaderNodeTexIES": "light",
    "Sound": "sound",
    "StripElement": "strip",
    "VectorFont": "font",
    "Volume": "volume",
}

_READ_BY_IMAGES = ("FILE", "SEQUENCE", "MOVIE", "TILED")


class OutsideFile(NamedTuple):
    kind: str
    owner: str
    """The data-block that names it, for the user."""
    name: str
    """The path as the file has it."""
    path: str
    """Where Blender looks for it."""
    form: Optional[str]
    """SEQUENCE if the path is one of several numbered files, TILES if it stands for tiles; FOLDER; None for one file."""
    is_visible: bool
    """Whether it can change a rendered picture."""
    view_of: Optional[str] = None
    """The path in the file, if this is another view of the same picture: the file names only one."""
    numbers: Optional[Numbers] = None
    """Which of several files each frame needs; None if it may be any."""
    is_computed: bool = False
    """Whether Blender computes it if it is not there."""
    is_audible: bool = False
    """Whether it can be heard in the scene."""


def outside_files(
    original: Names, frame_numbers: FrameNumbers, all_paths: List[StoredPath], audible: Set[Any]
) -> Iterator[OutsideFile]:
    """All but folders of caches. `audible`: the sounds that can be heard."""
    visibility = Visibility()
    yield from _libraries(original)
    for stored in all_paths:
        if stored.kind in (FILE, FILM) and _is_read(stored.holder):
            kind = _KINDS.get(stored.holder.bl_rna.identifier, "file")
            is_visible = kind != "sound" and visibility.of(stored.owner, stored.holder)
            name = original.get(stored.value, stored.value)
            path, form = _absolute(stored), _form_of(stored.holder)
            numbers = _numbers(stored.holder, form, frame_numbers)
            is_audible = stored.owner in audible
            yield OutsideFile(kind, name_of(stored), name, path, form, is_visible, None, numbers, is_audible=is_audible)
            for other, its_path in zip(_other_views(stored.holder, name), _other_views(stored.holder, path)):
                yield OutsideFile(kind, name_of(stored), other, its_path, form, is_visible, name, numbers)


def _numbers(holder: Any, form: Optional[str], frame_numbers: FrameNumbers) -> Optional[Numbers]:
    if form == SEQUENCE:
        return frame_numbers.of_sequence(holder)
    return frame_numbers.of_element(holder) if holder.bl_rna.identifier in STRIP_ELEMENTS else None


def _other_views(holder: Any, path: str) -> Iterator[str]:
    """The files of the other eyes, which have other suffixes."""
    if not getattr(holder, "use_multiview", False) or holder.views_format != "INDIVIDUAL":
        return
    suffixes = {view.file_suffix for scene in bpy.data.scenes if scene.render.use_multiview for view in scene.render.views}
    stem, ending = os.path.splitext(path)
    for mine in sorted(suffixes - {""}, key=len, reverse=True):
        if stem.endswith(mine):
            for other in sorted(suffixes - {mine}):
                yield stem[: -len(mine)] + other + ending
            return


def _libraries(original: Names) -> Iterator[OutsideFile]:
    """Blender stores the path of a library's library relative to the blendfile; only Blender itself resolves it rightly."""
    stored = bpy.utils.blend_paths(absolute=False, packed=False)
    absolute = dict(zip(stored, bpy.utils.blend_paths(absolute=True, packed=False)))
    for library in bpy.data.libraries:
        path = absolute.get(library.filepath)
        if path is not None:  # packed ones are not listed
            name = original.get(library.filepath, library.filepath)
            yield OutsideFile("library", "Library '%s'" % library.name, name, path, None, True)


def _absolute(stored: StoredPath) -> str:
    base = None if stored.holder.bl_rna.identifier in STRIP_PARTS else stored.owner.library
    return os.path.normpath(as_opened(bpy.path.abspath(stored.value, library=base)))


def _is_read(holder: Any) -> bool:
    """Whether Blender reads the file: not if it is packed, or if only its path has remained in the file."""
    if getattr(holder, "packed_file", None) or len(getattr(holder, "packed_files", ())) > 0:
        return False
    kind = holder.bl_rna.identifier
    if kind == "Image":
        return holder.source in _READ_BY_IMAGES
    return kind not in ("ShaderNodeTexIES", "ShaderNodeScript") or holder.mode == "EXTERNAL"


def _form_of(holder: Any) -> Optional[str]:
    source = getattr(holder, "source", "")
    if source == "SEQUENCE" or getattr(holder, "is_sequence", False) is True:
        return SEQUENCE
    return TILES if source == "TILED" else None
