"""Takes those paths out of a blendfile that lead Blender elsewhere than to a file.

Before anything is evaluated, and before anybody asks for what is in the files: FFmpeg would already be there.
"""

from __future__ import annotations

from typing import Any, Iterator, List

import bpy

from .path_rules import Rules
from .stored_paths import StoredPath, stored_paths

_LONGEST = 100
"""Characters of a path in a message."""


def clear() -> List[str]:
    """What was taken out and why, in words for the user."""
    told = list(_clear_suffixes())
    suffixes = sorted({view.file_suffix for scene in bpy.data.scenes for view in scene.render.views})
    rules = Rules(suffixes)
    for stored in stored_paths():
        objection = rules.objection(stored.value, _absolute(stored), stored.kind)
        if objection is not None:
            setattr(stored.holder, stored.name, "")
            told.append("%s: %s (%s)" % (_name_of(stored), _shown(stored.value), objection))
    _renew_views()
    return told


def _renew_views() -> None:
    """A film with several views has a path for each, which only Blender sees: it makes them anew from the known one."""
    for image in bpy.data.images:
        if image.is_multiview and image.source == "MOVIE":
            path = image.filepath_raw
            image.generated_width = image.generated_height = 1
            image.source = "GENERATED"  # else the films are opened first; it takes the path away
            image.filepath_raw = path
            image.use_multiview = image.use_multiview
            image.source = "MOVIE"


def _clear_suffixes() -> Iterator[str]:
    """The suffix of a view becomes part of a film's path; with a slash or a colon it could make another one of it."""
    for scene in bpy.data.scenes:
        for view in scene.render.views:
            if any(sign in view.file_suffix for sign in "/\\:,"):
                yield "Suffix of view '%s': %s (part of a path)" % (view.name, _shown(view.file_suffix))
                view.file_suffix = ""


def _absolute(stored: StoredPath) -> List[str]:
    """As Blender finds it: beside the library that the data came from, or, of strips, beside the blendfile itself."""
    bases = {None, stored.owner.library}
    return [bpy.path.abspath(stored.value, library=base) for base in bases]


def _name_of(stored: StoredPath) -> str:
    named = [stored.owner] if stored.owner == stored.holder else [stored.holder, stored.owner]
    return " of ".join(_called(each) for each in named)


def _called(thing: Any) -> str:
    try:
        name = str(getattr(thing, "name", ""))
    except UnicodeDecodeError:
        name = "?"
    return "%s '%s'" % (thing.bl_rna.name, name) if name else str(thing.bl_rna.name)


def _shown(path: str) -> str:
    readable = path.encode("utf-8", "backslashreplace").decode("utf-8")
    return readable if len(readable) <= _LONGEST else readable[:_LONGEST] + "…"
