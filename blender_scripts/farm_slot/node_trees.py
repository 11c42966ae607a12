"""All node trees of the file."""

from __future__ import annotations

from typing import Any, Iterator

import bpy

_OWNERS = ("scenes", "materials", "worlds", "lights", "linestyles", "textures")


def node_trees() -> Iterator[Any]:
    """Groups and trees inside other data, including those of other scenes, and linked ones."""
    for group in bpy.data.node_groups:
        yield group
    for collection in _OWNERS:
        for owner in getattr(bpy.data, collection):
            tree = getattr(owner, "node_tree", None)
            if tree is not None:
                yield tree
