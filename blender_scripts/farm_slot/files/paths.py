"""Clears paths in a blendfile that lead Blender to anything but a regular file.

This must happen before anything is evaluated or any file is read, which would already start FFmpeg.
"""

from __future__ import annotations

from typing import Iterator, List

import bpy

from .path_rules import Rules
from .stored_paths import StoredPath, name_of

_LONGEST = 100
"""How many characters of a path a message shows."""


def clear(all_paths: List[StoredPath]) -> List[str]:
    """Returns what was cleared and why, for the user."""
    told = list(_clear_suffixes())
    suffixes = sorted({view.file_suffix for scene in bpy.data.scenes for view in scene.render.views})
    rules = Rules(suffixes)
    for stored in all_paths:
        objection = rules.objection(stored.value, _absolute(stored), stored.kind)
        if objection is not None:
            setattr(stored.holder, stored.name, "")
            told.append("%s: %s (%s)" % (name_of(stored), _shown(stored.value), objection))
    _renew_views()
    return told


def _renew_views() -> None:
    """A picture with several views has a hidden path for each. Makes Blender derive them again from the visible one.

    They are mostly those of the machine where the file was made, and could lead anywhere.
    """
    for image in bpy.data.images:
        source = image.source
        if image.is_multiview and source in ("FILE", "SEQUENCE", "MOVIE") and not image.packed_files:
            path = image.filepath_raw
            image.generated_width = image.generated_height = 1
            image.source = "GENERATED"  # otherwise the movies are opened first; this clears the path
            image.filepath_raw = path
            image.use_multiview = image.use_multiview
            image.source = source


def _clear_suffixes() -> Iterator[str]:
    """A view's suffix becomes part of a movie's path. With a slash or a colon it could turn it into another path."""
    for scene in bpy.data.scenes:
        for view in scene.render.views:
            if any(sign in view.file_suffix for sign in "/\\:,"):
                yield "Suffix of view '%s': %s (part of a path)" % (view.name, _shown(view.file_suffix))
                view.file_suffix = ""


def _absolute(stored: StoredPath) -> List[str]:
    """Where Blender looks for it: relative to the library that the data came from; for strips, to the blendfile itself."""
    bases = {None, stored.owner.library}
    return [bpy.path.abspath(stored.value, library=base) for base in bases]


def _shown(path: str) -> str:
    readable = path.encode("utf-8", "backslashreplace").decode("utf-8")
    return readable if len(readable) <= _LONGEST else readable[:_LONGEST] + "…"
