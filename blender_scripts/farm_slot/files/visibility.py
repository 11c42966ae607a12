"""Decides which data can change a rendered picture. In doubt, it can."""

from __future__ import annotations

from typing import Any, Dict, Iterator, Set

import bpy

from ..animation import animated_paths

_NEVER_RENDERED = tuple(getattr(bpy.types, name) for name in ("Brush", "Camera", "Screen", "WindowManager", "WorkSpace"))
"""Kinds of users that show an image only to the artist. A camera's are its background pictures."""


class Visibility:
    """Looks at the whole file once."""

    def __init__(self) -> None:
        lists = (bpy.data.images, bpy.data.movieclips, bpy.data.fonts, bpy.data.cache_files, getattr(bpy.data, "volumes", ()))
        shared = {block for blocks in lists for block in blocks}
        self._users = bpy.data.user_map(subset=shared) if shared else {}  # type: Dict[Any, Set[Any]]
        self._hidden = {strip.as_pointer() for scene in bpy.data.scenes for strip in _hidden_parts(scene)}

    def of(self, owner: Any, holder: Any) -> bool:
        """`holder` is the part of the data-block `owner` that names a file."""
        if holder.as_pointer() in self._hidden and owner.bl_rna.identifier == "Scene":
            return False
        users = self._users.get(owner)
        return users is None or any(is_rendered(user) for user in users)


def is_rendered(user: Any) -> bool:
    """Whether a user of an image may show it in a render."""
    if isinstance(user, bpy.types.Object):
        return user.type != "EMPTY" or user.empty_display_type != "IMAGE"
    return not isinstance(user, _NEVER_RENDERED)


def strips_of(holder: Any) -> Any:
    """The strips of a sequencer or of a meta strip."""
    return holder.strips if hasattr(holder, "strips") else holder.sequences  # until 4.3


def unmutes_strips(scene: Any) -> bool:
    """Whether an animation may: then a strip that is muted in the file says little."""
    return any(path.endswith(".mute") for path in animated_paths(scene))


def _hidden_parts(scene: Any) -> Iterator[Any]:
    """Muted strips and their elements."""
    if scene.sequence_editor is not None and not unmutes_strips(scene):
        yield from _muted(scene.sequence_editor, not scene.render.use_sequencer)


def _muted(holder: Any, are_all: bool) -> Iterator[Any]:
    for strip in strips_of(holder):
        is_muted = are_all or strip.mute
        if is_muted:
            yield strip
            yield from getattr(strip, "elements", None) or ()
        if strip.type == "META":
            yield from _muted(strip, is_muted)
